// <match-score affinity="0.72" confidence="0.8">, or with user-id and property-id, and it asks by itself.
import { predict } from "../api.js";
import { TwinElement, define } from "../element.js";
import { percent, times, words } from "../formats.js";
import { look } from "../look.js";
import { css, html, nothing } from "../vendor/vendor.js";

const DOTS = [1, 2, 3, 4, 5];

class MatchScore extends TwinElement {
  static properties = {
    affinity: { type: Number }, confidence: { type: Number }, large: { type: Boolean, reflect: true },
    user: { attribute: "user-id" }, property: { attribute: "property-id" },
  };

  static styles = [look, css`
    :host { min-width: 8.6rem; }
    .score { display: flex; align-items: baseline; justify-content: space-between; gap: 0.6rem; }
    b { font-size: 1.3rem; font-weight: 680; letter-spacing: -0.02em; white-space: nowrap; }
    :host([large]) b { font-size: 2rem; line-height: 1.15; }
    meter { display: block; width: 100%; height: 8px; margin: 0.2rem 0 0.3rem; border: 0; border-radius: 4px; background: var(--raised); }
    meter::-webkit-meter-bar { height: 8px; border: 0; border-radius: 4px; background: var(--raised); }
    meter::-webkit-meter-optimum-value { background: var(--accent); border-radius: 4px; }
    meter::-moz-meter-bar { background: var(--accent); border-radius: 4px; }
    .dots { letter-spacing: 0.08em; color: var(--accent); white-space: nowrap; font-size: 0.8rem; }
    .off { color: var(--edge); }
    .words { font-size: 0.82rem; color: var(--soft); }
  `];

  willUpdate(changed) {
    if ((changed.has("user") || changed.has("property")) && this.user && this.property) this.load();
  }

  async load() {
    const answer = await this.ask(() => predict({ user_id: Number(this.user), property_id: this.property }));
    if (answer) [this.affinity, this.confidence] = [answer.affinity_score, answer.confidence];
  }

  render() {
    if (this.affinity === undefined || Number.isNaN(this.affinity)) return this.waiting();
    const sure = Math.round((this.confidence ?? 0) * 5);
    return html`
      <div class="score"><b>${percent(this.affinity)}</b>
        ${this.confidence === undefined ? nothing : html`<span class="dots" role="img" aria-label="confidence ${percent(this.confidence)}"
          title="confidence ${percent(this.confidence)}">${DOTS.map((dot) => html`<span class=${dot <= sure ? "" : "off"}>${dot <= sure ? "●" : "○"}</span>`)}</span>`}
      </div>
      <meter min="0" max="1" .value=${this.affinity} aria-label="match">${percent(this.affinity)}</meter>
      <div class="words" title=${times(this.affinity)}>${words(this.affinity)}${this.large ? html` · ${times(this.affinity)}` : nothing}</div>`;
  }
}
define("match-score", MatchScore);
