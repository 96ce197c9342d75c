// A property in one glance: what it is, how well it matches, and the three strongest reasons. Tells `twin-open`.
import { TwinElement, define } from "../element.js";
import { count, facts, nameOf, value } from "../formats.js";
import { look } from "../look.js";
import { css, html, nothing, svg } from "../vendor/vendor.js";
import "./feedback-thumbs.js";
import "./match-score.js";

const REASONS = 3;
const SHAPES = {
  "Single Family": "M4 15 14 6l10 9v9H4zM11 24v-6h6v6",
  Townhouse: "M3 24V12l5-5 6 5 6-5 5 5v12zM14 12v12",
  "Multi-Family": "M4 24V9h9v15M13 24V4h11v20zM7 13h3M7 18h3M16 9h5M16 14h5M16 19h5",
  Condo: "M8 24V4h12v20zM11 8h2M15 8h2M11 13h2M15 13h2M11 18h2M15 18h2",
  Land: "M2 22c5-7 8-7 12-3 3 3 6 2 12-5v10H2zM8 12V6M5 9l3-4 3 4",
};

export const silhouette = (type) => svg`<path d=${SHAPES[type] ?? SHAPES["Single Family"]} />`;

/** "location (02808)" of "the location (02808) raises the match"; a sentence that says more stays whole. */
export const inShort = ({ text }) => text.replace(/^the /, "").replace(/ (raises|lowers) the match$/, "").replace(/^that its (.+) (?:is|are) not known$/, "$1 not known");

class PropertyCard extends TwinElement {
  static properties = {
    item: { attribute: false }, user: { attribute: "user-id" }, place: { type: Number }, refused: {}, given: {},
    open: { type: Boolean, reflect: true }, note: { attribute: false }, plain: { type: Boolean, reflect: true },
  };

  static styles = [look, css`
    :host { container-type: inline-size; }
    article {
      display: grid; grid-template-columns: auto 1fr auto; gap: 0.3rem 1rem; cursor: pointer; position: relative;
      background: var(--surface); border: 1px solid var(--line); border-radius: var(--round); padding: 0.85rem 1.1rem;
    }
    article:hover { border-color: var(--edge); }
    :host([open]) article { border-color: var(--accent); box-shadow: inset 3px 0 0 var(--accent); }
    .picture { width: 58px; height: 58px; border-radius: 8px; background: var(--raised); display: grid; place-items: center; overflow: hidden; }
    .picture svg { width: 30px; fill: none; stroke: var(--soft); stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
    .picture img { width: 100%; height: 100%; object-fit: cover; }
    .name { background: none; border: 0; padding: 0; min-height: 0; font-weight: 620; text-align: left; display: inline; }
    .name:hover { background: none; text-decoration: underline; }
    .price { font-weight: 620; }
    .why { display: flex; flex-wrap: wrap; gap: 0.3rem 1rem; margin-top: 0.3rem; font-size: 0.86rem; }
    .why li { display: flex; gap: 0.35rem; }
    .side { display: grid; gap: 0.45rem; justify-items: end; align-content: space-between; width: 9.6rem; }
    match-score { width: 100%; }
    .status { border: 1px solid var(--line); border-radius: 99px; padding: 0 0.55em; font-size: 0.78rem; color: var(--soft); }
    @container (min-width: 900px) { .side { width: auto; grid-template-columns: auto 10rem; gap: 1.6rem; align-content: center; align-items: center; } match-score { order: 2; } }
    @container (max-width: 560px) { article { grid-template-columns: 1fr; } .picture { display: none; } .side { width: 100%; justify-items: stretch; } }
  `];

  focus() {
    this.shadowRoot.querySelector(".name").focus();
  }

  get thumbs() {
    return this.shadowRoot.querySelector("feedback-thumbs");
  }

  render() {
    const { property_id: name, property: it, affinity_score: affinity, confidence, reasons = [] } = this.item;
    const { photo_url: photo, address } = it.attributes ?? {};
    const told = reasons.filter((reason) => reason.input !== "other").slice(0, REASONS);
    return html`<article aria-label="${name}" @click=${() => this.tell("twin-open", { property_id: name })}>
      <div class="picture">${/^https:/.test(photo ?? "") ? html`<img src=${photo} alt="" loading="lazy" referrerpolicy="no-referrer">`
        : html`<svg viewBox="0 0 28 28" aria-hidden="true">${silhouette(it.property_type)}</svg>`}</div>
      <div>
        <div class="row">${this.place ? html`<span class="soft">${count(this.place)}</span>` : nothing}
          <button class="name">${address ?? it.property_type ?? "Property"}${it.zipcode ? ` · ${it.zipcode}` : nothing}</button>
          <span class="price">${value("listing_price", it.listing_price)}</span>
          ${it.listing_status ? html`<span class="status">${it.listing_status}</span>` : nothing}</div>
        <div class="soft">${[name, facts(it)].filter(Boolean).join(" · ")}</div>
        ${this.note ? html`<div>${this.note}</div>` : nothing}
        ${told.length ? html`<ul class="why" aria-label="strongest reasons">${told.map((reason) => html`<li title="${nameOf(reason.input)}: ${reason.text}">
          <span class=${reason.contribution > 0 ? "good" : "bad"} aria-label=${reason.contribution > 0 ? "for it" : "against it"} role="img">${reason.contribution > 0 ? "▲" : "▼"}</span>
          <span>${inShort(reason)}</span></li>`)}</ul>` : nothing}
      </div>
      <div class="side">
        ${affinity === undefined ? nothing : html`<match-score .affinity=${affinity} .confidence=${confidence}></match-score>`}
        ${this.user && !this.plain ? html`<feedback-thumbs .user=${this.user} .property=${name} .refused=${this.refused} .given=${this.given} keys></feedback-thumbs>` : nothing}
      </div></article>`;
  }
}
define("property-card", PropertyCard);
