// <similar-properties property-id="HV-00231">: look-alikes, each with what is different about it.
import { similar } from "../api.js";
import { TwinElement, define } from "../element.js";
import { brief, facts, percent, value } from "../formats.js";
import { look } from "../look.js";
import { css, html, nothing } from "../vendor/vendor.js";

const COMPARED = ["listing_price", "bedrooms", "bathrooms", "square_footage", "year_built"];
const LEAST = 0.02; // of the field itself: less is no difference that one would name
const SHOWN = 3;
const UNITS = { listing_price: "", bedrooms: " bed", bathrooms: " bath", square_footage: " ft²" };

/** The fields that differ, the strongest first. */
export function differences(of, than) {
  return COMPARED.filter((field) => of[field] != null && than[field] != null && Math.abs(of[field] - than[field]) > LEAST * Math.abs(than[field] || 1) * (field === "year_built" ? 0.1 : 1))
    .sort((a, b) => Math.abs(of[b] / than[b] - 1) - Math.abs(of[a] / than[a] - 1)).slice(0, SHOWN)
    .map((field) => ({ field, by: of[field] - than[field] }));
}

const deltaText = (field, by) => field === "year_built" ? `${by > 0 ? "▲" : "▼"} ${Math.abs(by)} years ${by > 0 ? "newer" : "older"}`
  : `${by > 0 ? "▲ +" : "▼ −"}${brief(field, Math.abs(by))}${UNITS[field]}`;

class SimilarProperties extends TwinElement {
  static properties = { property: { attribute: "property-id" }, size: { type: Number, attribute: "top-k" }, reference: { attribute: false }, answer: { state: true } };

  static styles = [look, css`
    li { border-bottom: 1px solid var(--line); padding: 0.55rem 0; } li:last-child { border: 0; }
    .name { background: none; border: 0; padding: 0; min-height: 0; font-weight: 600; }
    .delta { font-size: 0.84rem; background: var(--raised); border-radius: 6px; padding: 0 0.5em; }
  `];

  willUpdate(changed) {
    if (changed.has("property") && this.property) this.load();
  }

  async load() {
    this.answer = undefined;
    this.answer = await this.ask(() => similar(this.property, this.size || 10));
  }

  render() {
    if (!this.answer) return this.waiting(4);
    if (!this.answer.results.length) return html`<p>Nothing else is stored yet that could be like it.</p>`;
    return html`<ul>${this.answer.results.map(({ property_id, property: it, similarity_score }) => html`<li>
      <div class="row apart"><button class="name" @click=${() => this.tell("twin-open", { property_id })}>${it.property_type ?? "Property"}${it.zipcode ? ` · ${it.zipcode}` : ""} · ${value("listing_price", it.listing_price)}</button>
        <span title="cosine of the two embeddings">${percent(similarity_score)} alike</span></div>
      <div class="row"><span class="soft">${[property_id, it.listing_status, facts(it)].filter(Boolean).join(" · ")}</span></div>
      ${this.reference ? html`<div class="row">${differences(it, this.reference).map(({ field, by }) => html`<span class="delta">${deltaText(field, by)}</span>`)}</div>` : nothing}</li>`)}</ul>`;
  }
}
define("similar-properties", SimilarProperties);
