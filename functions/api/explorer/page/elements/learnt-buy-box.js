// What was learnt of an investor, in the words of a buy box; its ends can be dragged, and then narrow the feed.
import { TwinElement, define } from "../element.js";
import { brief, count, nameOf, percent } from "../formats.js";
import { look } from "../look.js";
import { css, html, nothing } from "../vendor/vendor.js";
import "./range-pair.js";

const FILTER_OF = { listing_price: "price", bedrooms: "bedrooms", bathrooms: "bathrooms", square_footage: "square_footage" };
const LEAST = 0.02; // of the heaviest: what weighs less is told on request
const isRange = (wanted) => typeof wanted.min === "number" && typeof wanted.max === "number";

class LearntBuyBox extends TwinElement {
  static properties = { box: { attribute: false }, filters: { state: true }, all: { state: true } };

  static styles = [look, css`
    .criterion, .head { display: grid; grid-template-columns: 8.5rem minmax(8rem, 1fr) 10.5rem 6.5rem; gap: 0.3rem 1.1rem; align-items: center; padding: 0.45rem 0; border-bottom: 1px solid var(--line); }
    meter { width: 100%; height: 8px; } meter::-webkit-meter-bar { height: 8px; border: 0; border-radius: 4px; background: var(--raised); }
    meter::-webkit-meter-optimum-value { background: var(--edge); border-radius: 4px; }
    label { display: inline-flex; gap: 0.35rem; margin-right: 0.9rem; white-space: nowrap; } input[type="number"] { width: 5rem; }
    .head { padding: 0; border: 0; } .head > span { grid-column: 4; }
    @media (max-width: 700px) { .head { display: none; } .criterion { grid-template-columns: 1fr 1fr; } .criterion > .scale { grid-column: 1 / -1; grid-row: 2; } }
  `];

  willUpdate(changed) {
    if (changed.has("box")) this.filters = this.box && this.#learnt();
  }

  #learnt() {
    return Object.fromEntries(Object.entries(this.box.filters).filter(([, given]) => given !== null));
  }

  #set(field, given) {
    const { [field]: _, ...rest } = this.filters;
    this.filters = given ? { ...rest, [field]: given } : rest;
  }

  #type(name, wanted) {
    const chosen = new Set(this.filters.property_type ?? []);
    chosen[wanted ? "add" : "delete"](name);
    this.#set("property_type", chosen.size ? [...chosen] : undefined);
  }

  use() {
    this.tell("twin-go", { screen: "feed", learnt: true, filters: { listing_status: ["Active"], ...this.filters } });
  }

  render() {
    const { box } = this;
    if (!box) return nothing;
    const heaviest = Math.max(box.place?.weight ?? 0, ...box.criteria.map(({ weight }) => weight), 1e-9);
    const told = this.all ? box.criteria : box.criteria.filter(({ input, weight }) => weight >= LEAST * heaviest || FILTER_OF[input]);
    const changed = JSON.stringify(this.filters) !== JSON.stringify(this.#learnt());
    return html`<div class="row apart"><div><h2>Learnt buy box</h2><p class="soft">${count(box.matching)} of ${count(box.of)} match better than the average. Drag an end to narrow the feed by it; thumbs teach the model, this does not.</p></div>
        <span class="row">${changed ? html`<button @click=${() => { this.filters = this.#learnt(); }}>Reset</button>` : nothing}
          <button class="first" ?disabled=${!box.matching} @click=${this.use}>Use as filters →</button></span></div>
      ${box.criteria.length ? nothing : html`<p class="told">Nothing matches this investor better than the average property, so there is no box to show.</p>`}
      ${box.criteria.length ? html`<div class="head" aria-hidden="true"><span class="soft">weight</span></div>` : nothing}
      ${box.place ? this.#place(box.place, heaviest) : nothing}
      ${told.map((criterion) => this.#criterion(criterion, heaviest))}
      ${told.length < box.criteria.length ? html`<p><button class="bare" @click=${() => { this.all = true; }}>${box.criteria.length - told.length} that hardly matter</button></p>` : nothing}`;
  }

  #weight(weight, heaviest) {
    return html`<span title="how much it moves the match: ${weight.toFixed(2)} of the log-odds"><meter min="0" max=${heaviest} .value=${weight} aria-label="weight">${weight.toFixed(2)}</meter></span>`;
  }

  #criterion({ input, weight, wanted, market }, heaviest) {
    if (!isRange(wanted)) return this.#shares(input, weight, wanted, heaviest);
    const field = FILTER_OF[input], kept = field && this.filters[field];
    const { min, max } = kept ? { min: kept.min ?? market.min, max: kept.max ?? market.max } : wanted;
    return html`<div class="criterion"><span>${nameOf(input)}</span>
      <range-pair class="scale" .field=${input} .low=${market.min} .high=${market.max} .min=${min} .max=${max} ?fixed=${!field} @change=${(event) => { event.stopPropagation(); this.#set(field, event.detail); }}></range-pair>
      <span class="number">${brief(input, min)} – ${brief(input, max)}</span>${this.#weight(weight, heaviest)}</div>`;
  }

  #shares(input, weight, wanted, heaviest) {
    const shown = Object.entries(wanted).slice(0, 5);
    return html`<div class="criterion"><span>${nameOf(input)}</span><span class="scale">${shown.map(([name, share]) => input === "property_type"
      ? html`<label><input type="checkbox" .checked=${this.filters.property_type?.includes(name) ?? false} @change=${(event) => this.#type(name, event.target.checked)}>${name} <span class="soft">${percent(share)}</span></label>`
      : html`<label>${name} <span class="soft">${percent(share)}</span></label>`)}</span><span></span>${this.#weight(weight, heaviest)}</div>`;
  }

  #place({ lat, lon, radius_km, weight }, heaviest) {
    const given = this.filters.location;
    const set = (km) => this.#set("location", km > 0 ? { lat, lon, radius_km: km } : undefined);
    return html`<div class="criterion"><span>place</span><span class="scale row"><label><input type="checkbox" .checked=${Boolean(given)} @change=${(event) => set(event.target.checked ? radius_km : 0)}>within</label>
        <input type="number" min="0.1" step="0.1" aria-label="radius in km" .value=${String(given?.radius_km ?? radius_km)} ?disabled=${!given} @change=${(event) => set(event.target.valueAsNumber)}> km</span>
      <span class="number">of ${lat.toFixed(3)}, ${lon.toFixed(3)}</span>${this.#weight(weight, heaviest)}</div>`;
  }
}
define("learnt-buy-box", LearntBuyBox);
