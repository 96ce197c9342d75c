// A listing that is not stored here: its features in, its match out (/predict).
import { predict } from "../api.js";
import { TwinElement, define } from "../element.js";
import { nameOf } from "../formats.js";
import { look } from "../look.js";
import { css, html, nothing } from "../vendor/vendor.js";
import "../elements/match-score.js";
import { reasonRows, waterfallLook } from "../elements/why-this-match.js";

const TYPES = ["Single Family", "Condo", "Townhouse", "Multi-Family", "Land"];
const NUMBERS = ["listing_price", "bedrooms", "bathrooms", "square_footage", "year_built", "lat", "lon", "days_on_market"];

class DescribeProperty extends TwinElement {
  static properties = { user: {}, name: {}, answer: { state: true } };

  static styles = [look, waterfallLook, css`
    dialog { width: min(38rem, 94vw); border: 1px solid var(--line); border-radius: var(--round); background: var(--surface); color: var(--ink); padding: 1.25rem; }
    dialog::backdrop { background: rgb(0 0 0 / 0.4); }
    .fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: 0.6rem; }
    label { display: grid; font-size: 0.82rem; color: var(--soft); } input, select { width: 100%; color: var(--ink); font-size: 0.95rem; }
  `];

  firstUpdated() {
    this.renderRoot.querySelector("dialog").showModal();
  }

  async #judge(event) {
    event.preventDefault();
    const given = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value !== ""));
    for (const field of NUMBERS) if (field in given) given[field] = Number(given[field]);
    if (given.listing_price && given.square_footage) given.price_per_sqft = given.listing_price / given.square_footage;
    this.answer = await this.ask(() => predict({ user_id: Number(this.user), property_features: given, explain: true }));
  }

  render() {
    return html`<dialog aria-labelledby="title" @close=${() => this.remove()}><form class="stack" @submit=${this.#judge}>
      <h2 id="title">${this.name ? `Describe ${this.name}` : "Describe a listing"}</h2><p class="soft">Every field may stay empty; the fewer are known, the lower the confidence.</p>
      <div class="fields"><label>type<select name="property_type"><option value="">–</option>${TYPES.map((type) => html`<option>${type}</option>`)}</select></label>
        ${NUMBERS.map((field) => html`<label>${nameOf(field)}<input type="number" step="any" name=${field}></label>`)}</div>
      <span class="row"><button class="first">How well does it match?</button><button type="button" @click=${() => this.renderRoot.querySelector("dialog").close()}>Close</button></span>
      ${this.waiting(1, () => this.renderRoot.querySelector("form").requestSubmit())}
      ${this.answer ? html`<match-score large .affinity=${this.answer.affinity_score} .confidence=${this.answer.confidence}></match-score>
        ${reasonRows(this.answer.baseline_score, this.answer.reasons ?? [])}` : nothing}</form></dialog>`;
  }
}
define("describe-property", DescribeProperty);
