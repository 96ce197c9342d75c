// Where one is, in the fragment: #/feed/374?filters=…&open=HV-00231. It never reaches a server or its log.

const SCREENS = ["feed", "explore", "investor", "model"];
const USUAL = { listing_status: ["Active"] };
const read = (text, otherwise) => {
  try {
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
};

/** The place that a fragment names; what it does not say is left as it was. */
export function parse(hash, before = {}) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [screen, ...rest] = path.split("/").map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
  const params = new URLSearchParams(search);
  const place = {
    screen: SCREENS.includes(screen) ? screen : "feed",
    user: /^\d+$/.test(rest[0] ?? "") && screen !== "property" ? rest[0] : before.user,
    filters: read(params.get("filters"), USUAL),
    only: read(params.get("only"), undefined), discover: params.has("discover"), variety: Number(params.get("variety") ?? 0),
    open: params.get("open") ?? "", tab: params.get("tab") ?? "why", view: params.get("view") ?? "both",
    version: params.get("version") ?? "", learnt: params.has("learnt"),
  };
  return screen === "property" && rest.length ? { ...place, screen: "feed", open: rest.join("/") } : place;
}

/** The place after a change; filters learnt of one investor are not another's. */
export function moved(place, change) {
  const left = place.learnt && change.user && change.user !== place.user ? { filters: USUAL, learnt: false } : {};
  return { ...place, ...left, ...change };
}

/** The fragment of a place: only what differs from the usual. */
export function format({ screen, user, filters, only, discover, variety, open, tab, view, version, learnt }) {
  const params = new URLSearchParams();
  if (JSON.stringify(filters) !== JSON.stringify(USUAL)) params.set("filters", JSON.stringify(filters));
  if (learnt) params.set("learnt", "1");
  if (only) params.set("only", JSON.stringify(only));
  if (discover) params.set("discover", "1");
  if (variety) params.set("variety", variety);
  if (open) params.set("open", open);
  if (open && tab !== "why") params.set("tab", tab);
  if (view !== "both") params.set("view", view);
  if (version && screen === "model") params.set("version", version);
  const search = params.toString();
  return `#/${screen}${user && screen !== "model" ? `/${user}` : ""}${search && `?${search}`}`;
}
