// What a thumb has changed in the list, told in a strip with the way back and the reason.
import { TwinElement, define } from "../element.js";
import { nameOf } from "../formats.js";
import { look } from "../look.js";
import { css, html, nothing } from "../vendor/vendor.js";

const REASONS_OFFERED = 4;
const OF_THE_MARKET = new Set(["activity", "together", "nearest", "distance", "alike", "year", "company", "other"]); // nothing that the property has
const USUAL = ["listing_price", "location", "property_type", "condition_score"];

/** What changed between two lists: new ones, ones gone, ones further up than they were among those that stayed. */
export function difference(before, after, thumbed) {
  const [was, is] = [before, after].map((names) => names.filter((name) => name !== thumbed));
  const stayed = was.filter((name) => is.includes(name));
  const order = is.filter((name) => was.includes(name));
  return {
    added: is.filter((name) => !was.includes(name)),
    gone: was.filter((name) => !is.includes(name)),
    up: order.filter((name, place) => place < stayed.indexOf(name)),
  };
}

class ThumbEffect extends TwinElement {
  static properties = { effect: { attribute: false } };

  static styles = [look, css`
    .effect { background: var(--tint); border: 1px solid var(--accent); border-radius: var(--round); padding: 0.55rem 1rem; }
    .chip { min-height: 28px; border-radius: 99px; font-size: 0.86rem; }
  `];

  get #told() {
    const { added, gone, up } = this.effect;
    if (!added) return "learning…";
    const parts = [[added, "new"], [gone, "gone"], [up, "moved ↑"]].filter(([names]) => names.length);
    return parts.map(([names, what]) => `${names.length} ${what}`).join(" · ") || "the order stays";
  }

  render() {
    const { kind, property_id, item, added, because } = this.effect;
    const fields = (item?.reasons ?? []).map((reason) => reason.input).filter((input) => !OF_THE_MARKET.has(input));
    const inputs = [...new Set([...fields, ...USUAL])].slice(0, REASONS_OFFERED);
    return html`<div class="effect row apart" role="status">
      <span>${kind === "like" ? "Liked" : "Disliked"} <b>${property_id}</b>: ${this.#told}</span>
      <span class="row">
        ${because ? html`<span class="soft">because of ${nameOf(because)}</span>` : nothing}
        ${added && !because && inputs.length ? html`<span class="soft">because of</span>
          ${inputs.map((input) => html`<button class="chip" @click=${() => this.tell("effect-because", input)}>${nameOf(input)}</button>`)}` : nothing}
        <button @click=${() => this.tell("effect-undo")}>Undo <kbd aria-hidden="true">Z</kbd></button>
      </span></div>`;
  }
}
define("thumb-effect", ThumbEffect);
