// The page: header, the screen that the fragment names, and the drawer above every screen.
import { investors } from "./api.js";
import { TwinElement, define, isTyping } from "./element.js";
import { frame, look, theme } from "./look.js";
import { format, moved, parse } from "./router.js";
import { begin, refused, session, signOut } from "./session.js";
import { html, nothing } from "./vendor/vendor.js";

const TABS = [["feed", "Feed"], ["explore", "Explore"], ["investor", "Investor"], ["model", "Model"]];
const load = {
  feed: () => import("./screens/feed-screen.js"), explore: () => import("./screens/explore-screen.js"),
  investor: () => import("./screens/investor-screen.js"), model: () => import("./screens/model-screen.js"),
  signIn: () => import("./screens/sign-in.js"),
};
const SETTLING_MS = 60_000; // for so long some of the API's machines may still answer with the model before
const SCREENS = "feed-screen, explore-screen, investor-screen, model-screen, property-drawer";
const byEvidence = (one, other) => other.acted_on - one.acted_on || one.user_id - other.user_id;

class TwinExplorer extends TwinElement {
  static properties = { place: { state: true }, ready: { state: true }, known: { state: true }, version: { state: true }, news: { state: true } };

  static styles = [look, frame];
  #left = new Map(); // by version, when another took its place

  connectedCallback() {
    super.connectedCallback();
    theme.restore();
    addEventListener("hashchange", () => this.#moved());
    addEventListener("twin-session", () => this.requestUpdate());
    addEventListener("keydown", (event) => this.#pressed(event));
    for (const [name, act] of Object.entries({
      "twin-open": ({ property_id, tab }) => this.go({ open: property_id, tab: tab ?? "why" }), "twin-close": () => this.go({ open: "" }),
      "twin-go": (change) => this.go(change), "twin-feedback": (detail) => this.#thumbed(detail), "twin-learnt": (detail) => this.#learnt(detail), "twin-answer": ({ answer }) => this.#answered(answer.model_version),
    })) this.addEventListener(name, (event) => act(event.detail));
    this.#start();
  }

  async #start() {
    await begin().catch((error) => { this.trouble = error; });
    this.ready = true;
    if (session.token) await this.#signedIn();
  }

  async #signedIn() {
    load[parse(location.hash).screen]();
    import("./screens/investor-picker.js");
    import("./screens/property-search.js");
    this.known = (await this.ask(() => investors(100)))?.investors.sort(byEvidence) ?? [];
    await this.#moved();
  }

  /** Where the fragment leads, unless it leads elsewhere by the time that the screen is loaded. */
  async #moved() {
    if (!this.known) return;
    const { hash } = location, place = parse(hash, this.place), before = this.place;
    place.user ??= String(this.known?.[0]?.user_id ?? 1);
    await load[place.screen]?.();
    if (place.open) await import("./screens/property-drawer.js");
    if (hash !== location.hash) return;
    if (before && place.screen !== before.screen) scrollTo(0, 0);
    this.place = place;
    await this.updateComplete;
    if (before?.open && !place.open) this.renderRoot.querySelector("feed-screen")?.back(before.open);
  }

  /** From where the fragment leads, not from what is shown: that follows it. */
  go(change) {
    location.hash = format(moved(parse(location.hash, this.place), change));
  }

  /** A model that went live while one was looking: all asks again, so that nothing of two models stands side by side. */
  #answered(version) {
    if (!version || version === this.version || Date.now() - this.#left.get(version) < SETTLING_MS) return;
    const before = this.version;
    this.version = version;
    if (!before) return;
    this.#left.set(before, Date.now());
    this.news = `A new model is live (${version}): what you see is its answer.`;
    for (const shown of this.renderRoot.querySelectorAll(SCREENS)) shown.again();
  }

  async #thumbed({ done, ...thumb }) {
    if (await done) this.#learnt(thumb);
  }

  /** All that shows what is known of the investor asks again. */
  #learnt(thumb) {
    for (const shown of this.renderRoot.querySelectorAll("feed-screen, explore-screen, property-drawer")) shown.learnt(thumb);
  }

  #pressed(event) {
    if (event.key === "Escape" && this.place?.open) this.go({ open: "" });
    else if (event.key === "/" && !isTyping(event)) {
      event.preventDefault();
      this.renderRoot.querySelector("property-search")?.focus();
    }
  }

  render() {
    if (!this.ready) return html`<main>${this.waiting(3)}</main>`;
    if (!session.token) {
      load.signIn();
      return html`<main><sign-in .trouble=${this.trouble}></sign-in></main>`;
    }
    const place = this.place ?? parse(location.hash);
    return html`<header><button class="skip" @click=${() => this.renderRoot.querySelector("main").focus()}>Skip to content</button><div><span class="brand"><img src=${new URL("icon.svg", import.meta.url).pathname} alt="">Portfolio Twin
        <span class="soft">${session.tenant}</span></span>
        <nav aria-label="Screens">${TABS.map(([screen, name]) => html`<a href=${format({ ...place, screen, open: "" })}
          aria-current=${place.screen === screen ? "page" : nothing}>${name}</a>`)}</nav>
        <span class="end"><investor-picker .user=${place.user ?? ""} .known=${this.known}></investor-picker>
          <property-search .user=${place.user}></property-search>
          <button class="bare" aria-label="Light, dark or the system's colours" @click=${theme.next}>◐</button>
          <button class="bare" @click=${signOut}>Sign out</button></span></div></header>
      <main id="main" tabindex="-1">
        ${this.news ? html`<p class="news told row apart" role="status"><span>${this.news}</span><button @click=${() => { this.news = ""; }}>Good</button></p>` : nothing}
        ${this.trouble ? html`<div class="news">${this.waiting(1, () => this.#signedIn())}</div>` : nothing}
        <div class="beside ${place.open ? "open" : ""}"><div>${this.place ? this.#screen(place) : this.waiting(3)}</div>
          ${this.place?.open ? html`<property-drawer @twin-feedback=${(event) => this.renderRoot.querySelector("feed-screen")?.thumbed(event)} .property=${place.open} .user=${place.user} .tab=${place.tab} .refused=${refused()}></property-drawer>` : nothing}</div>
      </main>
      <footer>A suggestion, not advice, and not for steering people towards or away from a neighbourhood. ${this.version ? `Model ${this.version}.` : ""}</footer>`;
  }

  #screen(place) {
    if (place.screen === "feed") return html`<feed-screen .place=${place} .refused=${refused()}></feed-screen>`;
    if (place.screen === "explore") return html`<explore-screen .place=${place}></explore-screen>`;
    if (place.screen === "investor") return html`<investor-screen .place=${place} .acted=${this.known?.find((one) => String(one.user_id) === place.user)?.acted_on}></investor-screen>`;
    return html`<model-screen .place=${place}></model-screen>`;
  }
}
define("twin-explorer", TwinExplorer);
