// <likely-investors property-id="HV-00231">: who would want it, and who has acted on it already.
import { audience } from "../api.js";
import { TwinElement, define } from "../element.js";
import { look } from "../look.js";
import { css, html, nothing } from "../vendor/vendor.js";
import "./match-score.js";

class LikelyInvestors extends TwinElement {
  static properties = { property: { attribute: "property-id" }, size: { type: Number, attribute: "top-k" }, fresh: { type: Boolean, attribute: "exclude-acted" }, answer: { state: true } };

  static styles = [look, css`
    li { display: grid; grid-template-columns: 1fr 10rem; gap: 1rem; align-items: center; border-bottom: 1px solid var(--line); padding: 0.5rem 0; }
    li:last-child { border: 0; } .tag { background: var(--raised); border-radius: 99px; padding: 0 0.6em; font-size: 0.82rem; }
  `];

  willUpdate(changed) {
    if ((changed.has("property") || changed.has("fresh")) && this.property) this.load();
  }

  async load() {
    this.answer = undefined;
    this.answer = await this.ask(() => audience(this.property, this.size || 20, this.fresh || undefined));
  }

  render() {
    return html`<label><input type="checkbox" .checked=${this.fresh ?? false} @change=${(event) => { this.fresh = event.target.checked; }}> only those who have not acted on it</label>
      ${this.#list()}`;
  }

  #list() {
    if (!this.answer) return this.waiting(4);
    if (!this.answer.investors.length) return html`<p>${this.fresh ? "Everybody who is known here has acted on it." : "No investor is known here yet."}</p>`;
    return html`<ul>${this.answer.investors.map(({ user_id, affinity_score, confidence, acted_on }) => html`<li>
      <span class="row"><a href="#/investor/${user_id}" @click=${(event) => { event.preventDefault(); this.tell("twin-go", { screen: "investor", user: String(user_id), open: "" }); }}>Investor ${user_id}</a>
        ${acted_on ? html`<span class="tag">has acted on it</span>` : nothing}</span>
      <match-score .affinity=${affinity_score} .confidence=${confidence}></match-score></li>`)}</ul>`;
  }
}
define("likely-investors", LikelyInvestors);
