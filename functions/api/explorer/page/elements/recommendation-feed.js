// <recommendation-feed user-id="374">: the best properties now; a thumb acts at once and its effect is told.
import { recommend } from "../api.js";
import { TwinElement, byValue, define } from "../element.js";
import { CardCursor } from "../keys.js";
import { look } from "../look.js";
import { css, html, nothing, repeat } from "../vendor/vendor.js";
import "./property-card.js";
import { difference } from "./thumb-effect.js";

const MOST = 100; // that one request answers
const FOR_SALE = { listing_status: ["Active"] };

class RecommendationFeed extends TwinElement {
  static properties = {
    user: { attribute: "user-id" }, size: { type: Number, attribute: "top-k" }, filters: byValue,
    discover: { type: Boolean }, variety: { type: Number }, only: byValue, refused: {}, opened: {},
    answer: { state: true }, effect: { state: true }, gone: { state: true },
  };

  static styles = [look, css`
    ol { display: grid; gap: 0.6rem; }
    thumb-effect { position: sticky; top: 4.2rem; z-index: 2; margin-bottom: 0.6rem; }
    .new property-card { outline: 2px solid var(--good); outline-offset: 2px; border-radius: var(--round); }
  `];

  constructor() {
    super();
    Object.assign(this, { size: 20, filters: FOR_SALE, discover: false, variety: 0, gone: "" });
    this.cursor = new CardCursor(this);
    this.addEventListener("twin-feedback", (event) => this.thumbed(event.detail, event.composedPath()[0]));
  }

  willUpdate(changed) {
    if (this.user && ["user", "filters", "discover", "variety", "only"].some((name) => changed.has(name))) {
      [this.answer, this.effect, this.gone] = [undefined, undefined, ""];
      this.load();
    }
  }

  get request() {
    return { user_id: Number(this.user), top_k: this.size, filters: this.filters, discover_new: this.discover, diversity: this.variety,
      ...(this.only && { candidate_property_ids: this.only }) };
  }

  get shown() {
    return (this.answer?.recommendations ?? []).filter((item) => item.property_id !== this.gone);
  }

  async load(shown = 0) {
    const asked = { ...this.request, top_k: Math.min(MOST, Math.max(this.size, shown)) };
    const answer = await this.ask(() => recommend(asked));
    if (!answer) return false;
    this.answer = answer;
    this.tell("twin-answer", { answer, request: asked });
    return true;
  }

  again() {
    return this.load(this.shown.length);
  }

  /** The next ones; all by the order of now where another model has gone live since. */
  async more() {
    const answer = await this.ask(() => recommend({ ...this.request, cursor: this.answer.next_cursor }));
    if (this.trouble?.code === "CursorExpired") await this.load(this.shown.length + this.size);
    if (answer) this.answer = { ...answer, recommendations: [...this.answer.recommendations, ...answer.recommendations] };
  }

  /** The card leaves at once; what comes of it is told when it is stored. Also of a thumb that was given elsewhere. */
  async thumbed({ property_id, kind, done }, thumbs) {
    const before = this.shown.map((item) => item.property_id);
    const item = this.shown.find((one) => one.property_id === property_id);
    if (item) this.cursor.step(0);
    this.gone = property_id;
    this.effect = { item, kind, property_id };
    if (!(await done)) [this.gone, this.effect, this.trouble] = ["", undefined, thumbs.trouble];
    else if (await this.load(before.length)) this.effect = { item, kind, property_id, ...difference(before, this.shown.map((one) => one.property_id), property_id) };
    this.requestUpdate();
  }

  async undo() {
    const { property_id } = this.effect, shown = this.shown.length, thumbs = this.#thumbs(property_id);
    if (!(await thumbs.clear())) { this.trouble = thumbs.trouble; return; }
    [this.gone, this.effect] = ["", undefined];
    this.tell("twin-learnt", { property_id });
    await this.load(shown);
    this.cursor.focus(property_id);
  }

  /** Why it was a no (or a yes): the same thumb once more, with its reason. */
  because(input) {
    const { property_id, kind } = this.effect;
    const thumbs = this.#thumbs(property_id);
    thumbs.give(kind, [input]).then((answer) => {
      if (answer) this.effect = { ...this.effect, because: input };
      else this.trouble = thumbs.trouble;
    });
  }

  /** Of a property whose card has left. */
  #thumbs(property) {
    return Object.assign(document.createElement("feedback-thumbs"), { user: this.user, property });
  }

  render() {
    if (!this.answer) return this.waiting(6);
    const { effect } = this;
    return html`${effect ? html`<thumb-effect .effect=${effect} @effect-undo=${this.undo} @effect-because=${(event) => this.because(event.detail)}></thumb-effect>` : nothing}${this.trouble ? this.waiting() : nothing}
      <ol>${repeat(this.shown, (item) => item.property_id, (item, place) => html`<li class=${effect?.added?.includes(item.property_id) ? "new" : ""}>
        <property-card .item=${item} .place=${place + 1} .user=${this.user} .refused=${this.refused} ?open=${item.property_id === this.opened}
          @focusin=${() => { this.cursor.at = item.property_id; }}></property-card></li>`)}</ol>
      ${this.shown.length ? nothing : html`<slot name="empty"><p class="told">Nothing matches these filters: drop one of them.</p></slot>`}
      ${this.answer.next_cursor ? html`<p class="row"><button @click=${this.more} ?disabled=${this.busy}>Show more</button></p>` : nothing}`;
  }
}
define("recommendation-feed", RecommendationFeed);
