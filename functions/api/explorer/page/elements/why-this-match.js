// <why-this-match user-id="374" property-id="HV-00231">: from one that is average in everything to this one, reason by reason.
import { asCurl, explain } from "../api.js";
import { TwinElement, define } from "../element.js";
import { exact, logit, nameOf, percent, sigmoid, signed, value } from "../formats.js";
import { look } from "../look.js";
import { css, html, nothing, svg } from "../vendor/vendor.js";

const steps = (from, reasons) => {
  let at = from;
  return reasons.map((reason) => ({ ...reason, from: at, to: (at += reason.contribution) }));
};

/** A table that is a waterfall: each bar begins where the one above it ends. */
export function reasonRows(baseline, reasons) {
  const start = logit(baseline), rows = steps(start, reasons), end = rows.at(-1)?.to ?? start;
  const marks = [0, start, ...rows.map((row) => row.to)], low = Math.min(...marks), span = Math.max(...marks) - low || 1;
  const x = (at) => 2 + (96 * (at - low)) / span;
  const bar = (from, to, kind) => svg`<rect x="${x(Math.min(from, to))}%" width="${Math.max(0.6, x(Math.max(from, to)) - x(Math.min(from, to)))}%" y="3" height="12" rx="2" class=${kind} />`;
  const picture = (inside) => html`<svg width="100%" height="18" aria-hidden="true"><line x1="${x(start)}%" x2="${x(start)}%" y1="0" y2="18" />${inside}</svg>`;
  return html`<table class="waterfall"><thead><tr><th>what</th><th class="bars"><span class="hidden">picture</span></th>
      <th class="number" title="added to the log-odds of the match">log-odds</th><th class="number" title="the match with this and all above">match</th></tr></thead><tbody>
    <tr><td>a property that is average in everything</td><td>${picture(svg`<circle cx="${x(start)}%" cy="9" r="4" />`)}</td><td class="number">${signed(start)}</td><td class="number">${exact(baseline)}</td></tr>
    ${rows.map((row) => html`<tr><td>${row.text}</td><td>${picture(bar(row.from, row.to, row.contribution > 0 ? "up" : "down"))}</td>
      <td class="number ${row.contribution > 0 ? "good" : "bad"}">${signed(row.contribution)}</td><td class="number">${exact(sigmoid(row.to))}</td></tr>`)}
    <tr class="sum"><td>this property</td><td>${picture(bar(start, end, "sum"))}</td><td class="number">${signed(end)}</td><td class="number">${exact(sigmoid(end))}</td></tr></tbody></table>`;
}

export const waterfallLook = css`
  .waterfall { table-layout: auto; font-size: 0.9rem; }
  .waterfall td { vertical-align: middle; padding-block: 0.3rem; }
  .bars { width: 30%; }
  .waterfall svg { display: block; min-width: 5rem; overflow: visible; }
  .waterfall line { stroke: var(--line); }
  .up { fill: var(--good); } .down { fill: var(--bad); } .waterfall rect.sum { fill: var(--accent); } .waterfall circle { fill: var(--soft); }
  tr.sum td { font-weight: 620; border-top: 1px solid var(--edge); }
`;

class WhyThisMatch extends TwinElement {
  static properties = { user: { attribute: "user-id" }, property: { attribute: "property-id" }, answer: { state: true }, copied: { state: true } };

  static styles = [look, waterfallLook, css` pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--raised); border-radius: 8px; padding: 0.7rem; font-size: 0.78rem; margin: 0.5rem 0; } `];

  willUpdate(changed) {
    if ((changed.has("user") || changed.has("property")) && this.user && this.property) this.load();
  }

  async load() {
    [this.answer, this.copied] = [undefined, false];
    this.answer = await this.ask(() => explain(Number(this.user), this.property));
    if (this.answer) this.tell("twin-answer", { answer: this.answer });
  }

  get call() {
    return asCurl("/explain", { user_id: Number(this.user), property: { property_id: this.property } });
  }

  render() {
    const { answer } = this;
    if (!answer) return this.waiting(3);
    const change = answer.smallest_change;
    return html`<div class="stack"><h2>What makes the match</h2>
      <div class="wide" tabindex="0" role="group" aria-label="from a property that is average in everything to this one">${reasonRows(answer.baseline_score, answer.contributions)}</div>
      <p class="soft">Each row adds to the log-odds; together they are the match. 50 % means: as likely as a property drawn at random.</p>
      ${answer.acted_on ? html`<p class="told">This investor has acted on it before, and so is never recommended it.</p>` : nothing}
      ${change ? html`<div><h3>What would change it</h3><p>With ${nameOf(change.input)} ${value(change.input, change.value)} it would match at <b>${percent(change.affinity)}</b>.</p></div>` : nothing}
      ${answer.nearest_liked.length ? html`<div><h3>Nearest that this investor chose</h3><p class="row">${answer.nearest_liked.map(({ property_id, similarity_score }) => html`
        <button @click=${() => this.tell("twin-open", { property_id })}>${property_id} <span class="soft">${percent(similarity_score)} alike</span></button>`)}</p></div>` : nothing}
      <details><summary>The call behind this</summary><pre>${this.call}</pre>
        <button @click=${() => navigator.clipboard.writeText(this.call).then(() => { this.copied = true; })}>${this.copied ? "Copied" : "Copy"}</button></details></div>`;
  }
}
define("why-this-match", WhyThisMatch);
