// Two ends on one scale, each a native slider: drags, and moves by the arrow keys. Tells `change` with { min, max }.
import { TwinElement, define } from "../element.js";
import { brief, nameOf } from "../formats.js";
import { look } from "../look.js";
import { css, html, live, svg } from "../vendor/vendor.js";

const STEPS = 100;

class RangePair extends TwinElement {
  static properties = { field: {}, low: { type: Number }, high: { type: Number }, min: { type: Number }, max: { type: Number }, fixed: { type: Boolean } };

  static styles = [look, css`
    .scale { position: relative; height: 26px; } svg { position: absolute; inset: 0; width: 100%; height: 100%; }
    .all { fill: var(--raised); stroke: var(--line); } .wanted { fill: var(--accent); opacity: 0.85; }
    input { position: absolute; inset: 0; width: 100%; margin: 0; appearance: none; background: none; pointer-events: none; height: 26px; }
    input::-webkit-slider-thumb { appearance: none; pointer-events: auto; width: 18px; height: 18px; border-radius: 50%; background: var(--surface); border: 2px solid var(--accent); cursor: ew-resize; }
    input::-moz-range-thumb { pointer-events: auto; width: 14px; height: 14px; border-radius: 50%; background: var(--surface); border: 2px solid var(--accent); cursor: ew-resize; }
    .ends { display: flex; justify-content: space-between; font-size: 0.78rem; color: var(--soft); }
  `];

  get #whole() {
    return this.high - this.low > 30 || this.field === "bedrooms";
  }

  #place(value) {
    return (STEPS * (value - this.low)) / (this.high - this.low || 1);
  }

  #moved(end, event) {
    const value = this.low + ((this.high - this.low) * event.target.valueAsNumber) / STEPS;
    const rounded = this.#whole ? Math.round(value) : Math.round(value * 100) / 100;
    this[end] = end === "min" ? Math.min(rounded, this.max) : Math.max(rounded, this.min);
    event.target.valueAsNumber = this.#place(this[end]);
    this.tell("change", { min: this.min, max: this.max });
  }

  render() {
    const from = this.#place(this.min), to = this.#place(this.max);
    return html`<div class="scale"><svg aria-hidden="true">${svg`<rect class="all" x="0" y="10" width="100%" height="6" rx="3" /><rect class="wanted" x="${from}%" y="10" width="${Math.max(0.5, to - from)}%" height="6" rx="3" />`}</svg>
        ${this.fixed ? "" : ["min", "max"].map((end) => html`<input type="range" min="0" max=${STEPS} step="any" aria-label="${nameOf(this.field)}, ${end === "min" ? "at least" : "at most"}"
          aria-valuetext=${brief(this.field, this[end])} .value=${live(String(this.#place(this[end])))} @input=${(event) => this.#moved(end, event)} @keydown=${this.#key}>`)}</div>
      <div class="ends"><span>${brief(this.field, this.low)}</span><span>${brief(this.field, this.high)}</span></div>`;
  }

  /** A step of one hundredth by each arrow: with step="any" a browser has none of its own. */
  #key(event) {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.target.valueAsNumber += by;
    event.target.dispatchEvent(new Event("input"));
  }
}
define("range-pair", RangePair);
