// What to look at this morning: who the list is for, what narrows it, and the list.
import { investor } from "../api.js";
import { TwinElement, define } from "../element.js";
import { STRATEGIES, ago, count } from "../formats.js";
import { look } from "../look.js";
import { css, html, nothing } from "../vendor/vendor.js";
import "../elements/recommendation-feed.js";
import "./filter-bar.js";

class FeedScreen extends TwinElement {
  static properties = { place: { attribute: false }, refused: {}, who: { state: true }, answer: { state: true } };

  static styles = [look, css`
    .top { margin-bottom: 1rem; } label { display: inline-flex; align-items: center; gap: 0.45rem; } input[type="range"] { width: 7rem; }
    .told { margin-bottom: 0.75rem; }
  `];

  willUpdate(changed) {
    if (changed.has("place") && changed.get("place")?.user !== this.place.user) this.load();
  }

  async load() {
    this.who = undefined;
    await this.learnt();
  }

  again() {
    this.#feed.again();
    return this.learnt();
  }

  /** Also after a thumb: the header is another. */
  async learnt() {
    this.who = (await this.ask(() => investor(this.place.user))) ?? this.who;
  }

  get #feed() {
    return this.renderRoot.querySelector("recommendation-feed");
  }

  /** The focus, where the drawer was opened from. */
  back(name) {
    [...this.#feed.renderRoot.querySelectorAll("property-card")].find((card) => card.item.property_id === name)?.focus();
  }

  /** A thumb that was given in the drawer. */
  thumbed(event) {
    this.#feed.thumbed(event.detail, event.composedPath()[0]);
  }

  render() {
    const { place, answer } = this;
    const [name, meaning] = STRATEGIES[answer?.strategy] ?? [];
    const dealings = this.who && Object.values(this.who.evidence).reduce((sum, n) => sum + n, 0);
    return html`<div class="stack top"><div class="row apart"><div><h1>Investor ${place.user}</h1>
        <p class="soft" title=${meaning ?? ""}>${name ?? "…"}${this.who ? ` · ${count(dealings)} dealings known` : ""}${this.who?.moved_at ? ` · moved ${ago(this.who.moved_at)}` : ""}</p></div>
        <span class="row"><label title="leave out what everybody in this market likes"><input type="checkbox" .checked=${place.discover} @change=${(event) => this.tell("twin-go", { discover: event.target.checked })}> discover</label>
          <label title="0: the best matches; 1: the most unlike each other">variety <input type="range" min="0" max="1" step="0.1" .value=${String(place.variety)} @change=${(event) => this.tell("twin-go", { variety: Number(event.target.value) })}></label></span></div>
      <filter-bar .filters=${place.filters} .only=${place.only}></filter-bar></div>
      ${this.refused ? html`<p class="told">${this.refused}</p>` : nothing}
      ${answer?.degraded ? html`<p class="told" role="status">The index is down: answered from what the last training knew.</p>` : nothing}
      ${["popular", "content", "buy_box"].includes(answer?.strategy) ? html`<p class="told" role="status"><b>${name}</b>: ${meaning}.
        ${answer.strategy === "popular" ? "State what is wanted as filters, or give thumbs: the list learns from the first one." : ""}</p>` : nothing}
      <recommendation-feed .user=${place.user} .filters=${place.filters} .only=${place.only} .discover=${place.discover} .variety=${place.variety}
        .refused=${this.refused} .opened=${place.open} @twin-answer=${(event) => { this.answer = event.detail.answer; }}>
        <p slot="empty" class="told">Nothing matches these filters. Drop one of them above, or <a href="#/feed/${place.user}">start over</a>.</p></recommendation-feed>`;
  }
}
define("feed-screen", FeedScreen);
