// The model screen's pictures: plain SVG, each with its numbers beside it.
import { exact } from "../formats.js";
import { html, nothing, svg } from "../vendor/vendor.js";

const RIVALS = { twin: "this model", tower: "its tower alone", content_knn: "content kNN", popularity: "popularity" };
const NAMES = { ece: "calibration error", f1: "F1", embedding_rank: "rank of the embedding", live_like_tested: "live like tested" };
const short = (value) => (value === null || value === undefined ? "–" : Math.abs(value) > 0 && Math.abs(value) < 0.001 ? value.toExponential(1) : value.toFixed(3).replace(/\.?0+$/, "").replace("-", "−"));
const pct = (share) => `${Math.max(0, Math.min(100, share * 100))}%`;
const picture = (height, inside) => html`<svg width="100%" height=${height} aria-hidden="true">${inside}</svg>`;

const AT_MOST = new Set(["finite", "loss_decreased", "ece", "unit_norm"]); // of the others more is better

/** Each gate with its margin: how far the value lies from its limit, on a scale that holds both. */
export function gateRows(gates) {
  return html`<table><thead><tr><th>gate</th><th class="number">value</th><th class="number">limit</th><th><span class="hidden">margin</span></th><th class="number">verdict</th></tr></thead>
    <tbody>${Object.entries(gates).map(([name, gate]) => gateRow(name, gate))}</tbody></table>`;
}

function gateRow(name, { value, limit, passed, note }) {
  const whole = 1.15 * Math.max(Math.abs(value ?? 0), Math.abs(limit ?? 0)) || 1;
  const margin = picture(14, svg`<rect class="track" width="100%" height="8" y="3" rx="4" /><rect class=${passed ? "bar" : "bad"} width=${pct(Math.max(0.01, (value ?? 0) / whole))} height="8" y="3" rx="4" />
    <line class="limit" x1=${pct(limit / whole)} x2=${pct(limit / whole)} y1="0" y2="14" />`);
  return html`<tr><td>${NAMES[name] ?? name.replaceAll("_", " ")}${note ? html`<br><small>${note}</small>` : nothing}</td><td class="number">${short(value)}</td>
    <td class="number">${AT_MOST.has(name) ? "≤" : "≥"} ${short(limit)}</td><td class="margin">${value === null || value === undefined ? nothing : margin}</td><td class="number ${passed ? "good" : "bad"}">${passed ? "✓ passed" : "✕ failed"}</td></tr>`;
}

export function rivals(ranking) {
  const scores = Object.entries(ranking).map(([name, figures]) => [name, figures.ndcg_at_10]).sort((a, b) => b[1] - a[1]);
  const best = Math.max(...scores.map(([, score]) => score), 1e-9);
  return html`<table><tbody>${scores.map(([name, score]) => html`<tr><td>${RIVALS[name] ?? name.replaceAll("_", " ")}</td><td class="picture">${picture(14, svg`<rect class=${name === "twin" ? "bar" : "other"} width=${pct(score / best)} height="12" y="1" rx="3" />`)}</td><td class="number">${score.toFixed(3)}</td></tr>`)}</tbody></table>`;
}

/** A value between the ends of its 95 % interval; as a picture where the scale's end is given. */
export function interval({ value, low, high }, scale) {
  if (!scale) return `${value.toFixed(3)} (${low.toFixed(3)} – ${high.toFixed(3)})`;
  return picture(14, svg`<line class="axis" x1="0" x2="100%" y1="7" y2="7" /><line class="range" x1=${pct(low / scale)} x2=${pct(high / scale)} y1="7" y2="7" /><circle class="bar" cx=${pct(value / scale)} cy="7" r="4" />
    <title>${low.toFixed(3)} – ${high.toFixed(3)}</title>`);
}

const SQUARE = 200; // of the reliability curve, with room for its axes

/** What was claimed against what came true, with how often it was claimed; on the diagonal a claim is kept. */
export function reliability(bins) {
  const x = (share) => 28 + (SQUARE - 34) * share, y = (share) => SQUARE - 28 - (SQUARE - 34) * share;
  return html`<div class="row reliability"><svg viewBox="0 0 ${SQUARE} ${SQUARE}" aria-hidden="true">${svg`
      ${bins.map(({ claimed, share }) => svg`<rect class="track" x=${x(claimed) - 6} width="12" y=${y(share)} height=${y(0) - y(share)} />`)}
      <path class="axis" d="M${x(0)} ${y(1)}V${y(0)}H${x(1)}" /><line class="diagonal" x1=${x(0)} y1=${y(0)} x2=${x(1)} y2=${y(1)} />
      <polyline class="line" points=${bins.map(({ claimed, happened }) => `${x(claimed)},${y(happened)}`).join(" ")} />
      ${bins.map(({ claimed, happened }) => svg`<circle class="bar" cx=${x(claimed)} cy=${y(happened)} r="3.5" />`)}
      <text x=${x(0)} y=${SQUARE - 12} text-anchor="middle">0</text><text x=${x(1)} y=${SQUARE - 12} text-anchor="end">100 %</text><text x=${x(0.5)} y=${SQUARE - 2} text-anchor="middle">match</text>
      <text transform="translate(12 ${y(0.5)}) rotate(-90)" text-anchor="middle">acted</text>`}</svg>
    <table><thead><tr><th class="number">match</th><th class="number">acted</th><th class="number">of the answers</th></tr></thead><tbody>${bins.map(({ claimed, happened, share }) => html`
      <tr><td class="number">${exact(claimed)}</td><td class="number">${exact(happened)}</td><td class="number">${exact(share)}</td></tr>`)}</tbody></table></div>`;
}

export function versionBars(versions) {
  const measured = versions.filter(({ ndcg_at_10 }) => ndcg_at_10 !== null).slice(0, 12).reverse();
  if (measured.length < 2) return nothing;
  const best = Math.max(...measured.map(({ ndcg_at_10 }) => ndcg_at_10), 1e-9), width = 100 / measured.length;
  return picture(60, measured.map(({ ndcg_at_10, decision }, i) => svg`<rect class=${decision === "rejected" ? "other" : "bar"} x="${i * width + width * 0.15}%" width="${width * 0.7}%" y=${56 - (52 * ndcg_at_10) / best} height=${(52 * ndcg_at_10) / best} rx="2" />`));
}

export function lossLine(epochs, best) {
  const losses = epochs.map(({ train_loss }) => train_loss), high = Math.max(...losses), low = Math.min(...losses);
  const x = (i) => (100 * i) / Math.max(1, losses.length - 1), y = (loss) => 8 + (74 * (high - loss)) / (high - low || 1);
  return html`<svg width="100%" height="110" viewBox="0 0 100 110" preserveAspectRatio="none" role="img" aria-label="training loss from ${short(high)} to ${short(low)}">
    ${svg`<polyline class="line" vector-effect="non-scaling-stroke" points=${losses.map((loss, i) => `${x(i)},${y(loss)}`).join(" ")} /><line class="axis" vector-effect="non-scaling-stroke" x1=${x(best - 1)} x2=${x(best - 1)} y1="0" y2="90" />`}</svg>
    <p class="soft">training loss ${short(high)} → ${short(low)}; the line marks the epoch that was kept</p>`;
}
