// <embedding-space user-id="374" view="both">: every property where it lies on the map and where the model sees it.
import { atlas, investor, investorAtlas, similar } from "../api.js";
import { medians, read, readAtlas } from "../canvas/atlas.js";
import { kinds, scale, steps } from "../canvas/colours.js";
import "../canvas/point-plot.js";
import { TwinElement, define } from "../element.js";
import { brief, count, percent, value } from "../formats.js";
import { look } from "../look.js";
import { css, html, nothing, svg } from "../vendor/vendor.js";

const COLOURS = [["match", "match"], ["confidence", "confidence"], ["price", "price"], ["days", "days on market"], ["type", "type"], ["status", "listing status"]];
const PLACES = 65_535;
const BYTE = 255;
const NEIGHBOURS = 20;
let kept; // one atlas for all elements of a page: the version's places never change

class EmbeddingSpace extends TwinElement {
  static properties = {
    user: { attribute: "user-id" }, view: {}, colour: {}, feed: { attribute: false }, opened: {},
    atlas: { state: true }, own: { state: true }, who: { state: true }, hovered: { state: true }, bright: { state: true },
  };

  static styles = [look, css`
    .plots { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); height: clamp(340px, 58vh, 720px); margin: 0.7rem 0; }
    .legend svg { width: 13rem; height: 14px; display: block; } .legend { display: flex; flex-wrap: wrap; gap: 0.3rem 1rem; align-items: center; font-size: 0.86rem; } .kind { display: inline-flex; align-items: center; gap: 0.35rem; } .kind svg { width: 12px; height: 12px; }
    .hover { min-height: 1.6rem; } @media (max-width: 800px) { .plots { height: auto; } point-plot { height: 340px; } }
  `];

  constructor() {
    super();
    Object.assign(this, { view: "space", colour: "match", hovered: -1 });
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.recolour = () => this.requestUpdate("colour", "");
    for (const [name, act] of Object.entries({ "point-hover": (row) => { this.hovered = row; }, "point-choose": (row) => this.tell("twin-open", { property_id: this.atlas.names[row] }),
      "point-box": (rows) => this.tell("twin-box", { names: rows.map((row) => this.atlas.names[row]), rows }) })) this.addEventListener(name, (event) => { event.stopPropagation(); act(event.detail); });
  }

  connectedCallback() {
    super.connectedCallback();
    this.scheme.addEventListener("change", this.recolour);
    addEventListener("twin-theme", this.recolour);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.scheme.removeEventListener("change", this.recolour);
    removeEventListener("twin-theme", this.recolour);
  }

  willUpdate(changed) {
    if (changed.has("user") && this.user) this.load();
    if (changed.has("opened") || changed.has("atlas")) this.#neighbours();
    if (this.atlas && this.own && ["atlas", "own", "colour"].some((name) => changed.has(name))) this.#colour();
    if (this.atlas && this.own && ["atlas", "own", "who", "feed", "opened"].some((name) => changed.has(name))) this.#mark();
  }

  /** The investor's scores name the model that they are of; its places are read once. */
  async load() {
    const got = await this.ask(async () => {
      const [bytes, who] = await Promise.all([investorAtlas(this.user), investor(this.user)]);
      const own = read(bytes);
      if (kept?.version !== own.about.model_version) kept = readAtlas(await atlas(own.about.model_version));
      return { own, who, atlas: kept };
    });
    if (!got) return;
    Object.assign(this, got);
    this.tell("twin-answer", { answer: got.who, atlas: got.atlas, own: got.own });
  }

  /** What is opened and what the model finds most like it stay bright, the rest dims. */
  async #neighbours() {
    const { atlas: all, opened } = this, row = all?.rows.get(opened);
    this.bright = undefined;
    if (row === undefined) return;
    const answer = await similar(opened, NEIGHBOURS).catch((error) => { this.trouble = error; });
    if (!answer || opened !== this.opened || all !== this.atlas) return;
    this.bright = [row, ...answer.results.map(({ property_id }) => all.rows.get(property_id)).filter((near) => near !== undefined)];
  }

  #colour() {
    const { atlas: all, own } = this, dark = getComputedStyle(this).colorScheme.includes("dark") && (document.documentElement.dataset.theme === "dark" || (document.documentElement.dataset.theme !== "light" && this.scheme.matches));
    if (this.colour === "type" || this.colour === "status") {
      const names = this.colour === "type" ? all.types : all.statuses, { palette, colours } = kinds(names);
      this.shown = { palette, index: Uint8Array.from(all[this.colour], (v) => (v < names.length ? v + 1 : 0)), legend: names.map((name, i) => [name, colours[i]]) };
      return;
    }
    const given = { match: () => [own.affinity, [0, BYTE]], confidence: () => [own.confidence, [0, BYTE]], price: () => [all.price], days: () => [all.days] }[this.colour]();
    const { low, high, index } = steps(...given), { palette, colours } = scale(dark);
    this.shown = { palette, index, gradient: colours, low, high };
  }

  #mark() {
    const { atlas: all, own, who } = this, row = (name) => all.rows.get(name);
    const history = (who?.history ?? []).map((event) => ({ row: row(event.property_id), kind: event.kind === "dislike" ? "dislike" : "history", zipcode: event.property.zipcode })).filter((mark) => mark.row !== undefined && mark.kind);
    const feed = (this.feed ?? []).map((item) => ({ row: row(item.property_id), kind: "feed", zipcode: item.property.zipcode })).filter((mark) => mark.row !== undefined);
    const opened = row(this.opened) === undefined ? [] : [{ row: row(this.opened), kind: "open" }];
    this.marks = [...history, ...feed, ...opened];
    const self = own.about.x ? [{ kind: "self", x: own.about.x / PLACES, y: 1 - own.about.y / PLACES }] : [];
    this.spaceMarks = [...this.marks, ...self];
    this.labels = medians([...history, ...feed], all.map);
  }

  render() {
    if (!this.atlas || !this.own || !this.shown) return this.waiting(4);
    const { about, names, space, map, unplaced } = this.atlas;
    const plot = (name, places, marks, labels) => html`<point-plot .name=${name} .places=${places} .colours=${this.shown} .marks=${marks} .labels=${labels} .bright=${this.bright} .hovered=${this.hovered}></point-plot>`;
    return html`<div class="row apart"><label>colour <select @change=${(event) => { this.colour = event.target.value; }}>${COLOURS.map(([key, name]) => html`<option value=${key} ?selected=${key === this.colour}>${name}</option>`)}</select></label>
        ${this.#legend()}<span class="soft">${count(names.length)} shown${unplaced && this.view !== "space" ? `, ${count(unplaced)} without a place on the map` : ""}</span></div>
      ${this.waiting()}<div class="plots">${this.view === "space" ? nothing : plot("Map", map, this.marks, this.labels)}${this.view === "map" ? nothing : plot("Space", space, this.spaceMarks)}</div>
      <p class="hover" role="status">${this.hovered >= 0 ? this.#card(this.hovered) : html`<span class="soft">${this.bright ? `${this.opened} and the ${this.bright.length - 1} most like it are bright, the rest is dim.` : "☆ acted on · ✕ disliked · ○ in the feed · ✚ the investor. Hover for a property, click to open, shift-drag for a box."}</span>`}</p>
      <p class="soft">${about.method}${about.trustworthiness_at_10 ? `; trustworthiness at 10: ${Number(about.trustworthiness_at_10).toFixed(2)}` : ""}; model ${this.atlas.version}</p>`;
  }

  #card(row) {
    const { names, price, type, types } = this.atlas;
    return html`<b>${names[row]}</b> · ${types[type[row]] ?? "type unknown"} · ${Number.isFinite(price[row]) ? value("listing_price", price[row]) : "price unknown"} · match ${percent(this.own.affinity[row] / BYTE)}`;
  }

  #legend() {
    const { legend, gradient, low, high } = this.shown, field = this.colour === "price" ? "price" : "";
    if (legend) return html`<span class="legend">${legend.map(([name, colour]) => html`<span class="kind"><svg aria-hidden="true">${svg`<circle cx="6" cy="6" r="6" fill=${colour} />`}</svg>${name}</span>`)}</span>`;
    const end = (v) => (["match", "confidence"].includes(this.colour) ? percent(v / BYTE) : brief(field, v));
    return html`<span class="legend"><span>${end(low)}</span><svg aria-hidden="true">${gradient.filter((_, i) => i % 8 === 0).map((colour, i, all) => svg`<rect x="${(100 * i) / all.length}%" width="${101 / all.length}%" height="14" fill=${colour} />`)}</svg><span>${end(high)}</span></span>`;
  }
}

define("embedding-space", EmbeddingSpace);
