// What narrows the list, each as a chip that can be dropped, and a form to add more.
import { TwinElement, define } from "../element.js";
import { brief, nameOf } from "../formats.js";
import { look } from "../look.js";
import { css, html, nothing } from "../vendor/vendor.js";

const LISTS = { property_type: ["Single Family", "Condo", "Townhouse", "Multi-Family", "Land"], listing_status: ["Active", "Pending", "Sold", "Off Market"] };
const RANGES = ["price", "bedrooms", "bathrooms", "square_footage"];
const end = (field, value) => (value === undefined || value === null ? "" : brief(field, value));

const inWords = (field, given) => {
  if (Array.isArray(given)) return given.length > 3 ? `${given.length} ${nameOf(field)}s` : given.join(", ");
  if (field === "location") return `within ${given.radius_km.toFixed(1)} km of ${given.lat.toFixed(3)}, ${given.lon.toFixed(3)}`;
  const [low, high] = [end(field, given.min), end(field, given.max)];
  return `${nameOf(field)} ${low && high ? `${low} – ${high}` : low ? `from ${low}` : `to ${high}`}`;
};

class FilterBar extends TwinElement {
  static properties = { filters: { attribute: false }, only: { attribute: false }, adding: { state: true } };

  static styles = [look, css`
    .chip { border-radius: 99px; min-height: 30px; background: var(--tint); border-color: transparent; font-size: 0.88rem; }
    form { margin-top: 0.6rem; display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 0.9rem; }
    fieldset { border: 0; padding: 0; margin: 0; min-width: 0; } legend { font-size: 0.82rem; color: var(--soft); padding: 0; }
    fieldset label { display: inline-flex; gap: 0.3rem; margin-right: 0.8rem; } input[type="number"] { width: 6.5rem; }
  `];

  #set(filters, only = this.only) {
    this.tell("twin-go", { filters, only });
  }

  #drop(field) {
    const { [field]: _, ...rest } = this.filters;
    this.#set(rest);
  }

  #submitted(event) {
    event.preventDefault();
    const form = new FormData(event.target), filters = this.filters.location ? { location: this.filters.location } : {};
    for (const field of Object.keys(LISTS)) if (form.getAll(field).length) filters[field] = form.getAll(field);
    const zips = form.get("zipcode").split(/[\s,]+/).filter(Boolean);
    if (zips.length) filters.zipcode = zips;
    for (const field of RANGES) {
      const [min, max] = ["min", "max"].map((which) => form.get(`${field}.${which}`)).map((text) => (text === "" ? undefined : Number(text)));
      if (min !== undefined || max !== undefined) filters[field] = min > max ? { min: max, max: min } : { min, max };
    }
    this.adding = false;
    this.#set(filters);
  }

  render() {
    return html`<div class="row" role="group" aria-label="filters">
      ${Object.entries(this.filters).map(([field, given]) => html`<button class="chip" aria-label="drop ${inWords(field, given)}" @click=${() => this.#drop(field)}>${inWords(field, given)} <span aria-hidden="true">×</span></button>`)}
      ${this.only ? html`<button class="chip" @click=${() => this.#set(this.filters, null)}>${this.only.length} in the box <span aria-hidden="true">×</span></button>` : nothing}
      <button class="chip" aria-expanded=${this.adding ? "true" : "false"} @click=${() => { this.adding = !this.adding; }}>+ Filter</button></div>
      ${this.adding ? this.#form() : nothing}`;
  }

  #form() {
    return html`<form class="panel" @submit=${this.#submitted}>
      ${Object.entries(LISTS).map(([field, choices]) => html`<fieldset><legend>${nameOf(field)}</legend>${choices.map((choice) => html`<label>
        <input type="checkbox" name=${field} value=${choice} .checked=${this.filters[field]?.includes(choice) ?? false}>${choice}</label>`)}</fieldset>`)}
      ${RANGES.map((field) => html`<fieldset><legend>${nameOf(field)}</legend>${["min", "max"].map((which) => html`
        <input type="number" step="any" min="0" name="${field}.${which}" placeholder=${which} aria-label="${nameOf(field)} ${which}" .value=${String(this.filters[field]?.[which] ?? "")}> `)}</fieldset>`)}
      <fieldset><legend>zip codes</legend><input name="zipcode" aria-label="zip codes" .value=${(this.filters.zipcode ?? []).join(", ")}></fieldset>
      <fieldset class="row"><button class="first">Apply</button><button type="button" @click=${() => { this.adding = false; }}>Cancel</button></fieldset></form>`;
  }
}
define("filter-bar", FilterBar);
