// Is the model good, for whom not, and what changed.
import { model, models, report } from "../api.js";
import { TwinElement, define } from "../element.js";
import { ago, count, plural } from "../formats.js";
import { look } from "../look.js";
import { css, html, nothing } from "../vendor/vendor.js";
import { card } from "./model-card.js";
import { gateRows, interval, lossLine, reliability, rivals, versionBars } from "./model-charts.js";

const GROUPS = {
  history: "Properties dealt with before", as_new: "Asked as if new, properties known", new_properties: "Properties nobody had dealt with",
  likeness: "What they chose next, beside what they chose before", property_type: "Type of what they chose",
};
const whom = (text) => (text.includes(":execution:") ? `the ${text.split(":execution:")[1].split("-")[0]} machine` : text);
const figure = (value) => (typeof value === "number" ? value.toFixed(3) : "–");

class ModelScreen extends TwinElement {
  static properties = { place: { attribute: false }, known: { state: true }, details: { state: true }, link: { state: true } };

  static styles = [look, css`
    .halves { columns: 2 30rem; column-gap: 1.25rem; margin-top: 1.1rem; } .halves > * { break-inside: avoid; margin-bottom: 1.25rem; }
    .track { fill: var(--raised); } rect.bad { fill: var(--bad); } td.margin { width: 18%; min-width: 4rem; vertical-align: middle; }
    svg { display: block; } .axis { stroke: var(--line); } .bar { fill: var(--accent); } .other { fill: var(--edge); } .limit { stroke: var(--ink); stroke-width: 2; } .range { stroke: var(--edge); stroke-width: 2; }
    .line { fill: none; stroke: var(--accent); stroke-width: 2; } path.axis { fill: none; } .diagonal { stroke: var(--edge); stroke-dasharray: 4 3; }
    .reliability { flex-wrap: nowrap; align-items: start; gap: 1.5rem; } .reliability svg { flex: 0 0 13rem; } .reliability table { width: auto; flex: 1; } .reliability :is(th, td) { padding-block: 0.15rem; }
    .use { display: grid; grid-template-columns: max-content 1fr; gap: 0.35rem 0.9rem; margin: 0.5rem 0; } dt { font-weight: 600; } @media (max-width: 620px) { .reliability { flex-wrap: wrap; } }
    text { fill: var(--soft); font-size: 11px; } td.picture { width: 34%; } td.slice { width: 30%; } td.people { width: 22%; color: var(--soft); } h3 { margin-top: 0.9rem; } label, select, .row { min-width: 0; max-width: 100%; } select { width: 100%; } label.row { flex-wrap: nowrap; }
  `];

  willUpdate(changed) {
    if (changed.has("place") && changed.get("place")?.version !== this.place.version) this.load();
  }

  async load() {
    [this.link, this.details] = [undefined, undefined];
    const known = await this.ask(() => models());
    if (!known) return;
    this.known = known;
    const version = this.place.version || known.live?.version || known.versions[0]?.version;
    if (version) this.details = await this.ask(async () => ({ version, ...(await model(version)) }));
  }

  async #report() {
    const page = open("about:blank", "_blank");
    const answer = await this.ask(() => report(this.details.version));
    if (answer && page) page.location = answer.url;
    else page?.close();
    this.link = answer?.url;
  }

  render() {
    const { known, details } = this;
    if (!known) return this.waiting(5);
    if (!known.versions.length) return html`<h1>Model</h1><p class="told">This tenant has no model yet: import its data and run the retrain machine; then it is here.</p>`;
    const { live } = known, version = details?.version ?? "";
    const one = known.versions.find((each) => each.version === version);
    return html`<div class="row apart"><div><h1>${version === live?.version ? "Live model" : "Model"} ${version}</h1>
        <p class="soft">${[one?.kind, version === live?.version && live && `promoted ${ago(live.promoted_at)} by ${whom(live.promoted_by)}`, live?.previous && `before it ${live.previous}`].filter(Boolean).join(" · ")}</p></div>
        <span class="row"><label class="row">Version <select @change=${(event) => this.tell("twin-go", { version: event.target.value })}>${known.versions.map((each) => html`
          <option value=${each.version} ?selected=${each.version === version}>${each.version}${each.version === live?.version ? " (live)" : ""}${each.decision === "rejected" ? " (rejected)" : ""}</option>`)}</select></label>
        <button @click=${this.#report} ?disabled=${!details?.manifest}>Report ↗</button></span></div>
      ${this.link ? html`<p class="soft">Opened beside this page; if nothing did, <a href=${this.link} target="_blank" rel="noopener">open it here</a>.</p>` : nothing}
      ${this.waiting(4)}
      ${details ? html`<div class="halves">${this.#gates(details)}${this.#rivals(details)}${this.#calibration(details)}${this.#slices(details)}${this.#versions(known)}${card(details)}${this.#learning(details)}</div>` : nothing}`;
  }

  #gates({ gates }) {
    if (!gates) return html`<section class="panel"><h2>Gates</h2><p class="soft">No gate judged this version.</p></section>`;
    return html`<section class="panel"><h2>Gates: ${gates.decision}</h2>${(gates.reasons ?? []).map((text) => html`<p class="bad">${text}</p>`)}
      <div class="wide" tabindex="0" role="group" aria-label="gates">${gateRows(gates.gates ?? {})}</div></section>`;
  }

  #rivals({ metrics }) {
    if (!metrics?.ranking) return nothing;
    return html`<section class="panel"><h2>Against rivals</h2><p class="soft">NDCG@10 of ${count(metrics.candidates)} properties ranked for ${plural(metrics.test_users, "held-out investor")}.</p>${rivals(metrics.ranking)}</section>`;
  }

  #calibration({ metrics }) {
    const { reliability: bins = [], everybody } = metrics ?? {};
    if (!bins.length && !everybody?.ece) return nothing;
    return html`<section class="panel"><h2>Can a score be believed?</h2><p class="soft">Of held-out pairs: on the diagonal 80 % comes true eight times in ten; bars say how often a score was given.</p>
      ${bins.length ? html`<div class="wide" tabindex="0" role="group" aria-label="reliability">${reliability(bins)}</div>` : nothing}
      ${everybody?.ece ? html`<p class="soft">Calibration error ${interval(everybody.ece)}; by chance ${figure(everybody.ece_by_chance)}.</p>` : nothing}</section>`;
  }

  #slices({ metrics }) {
    const groups = Object.entries(metrics?.slices ?? {});
    if (!groups.length) return nothing;
    return html`<section class="panel"><h2>For whom</h2><p class="soft">NDCG@10 with its 95 % interval.</p>${groups.map(([group, parts]) => html`<h3>${GROUPS[group] ?? group.replaceAll("_", " ")}</h3>
      <div class="wide" tabindex="0" role="group" aria-label=${group}><table><tbody>${Object.entries(parts).filter(([, part]) => part.users).map(([name, part]) => html`<tr><td class="slice">${name.replaceAll("_", " ").replace("-", group === "history" ? "–" : "-")}</td><td class="number people">${plural(part.users, "investor")}</td>
        <td class="picture">${part.ndcg_at_10 ? interval(part.ndcg_at_10, 0.6) : html`<span class="soft">too few to tell</span>`}</td><td class="number">${figure(part.ndcg_at_10?.value)}</td></tr>`)}</tbody></table></div>`)}</section>`;
  }

  #versions({ versions }) {
    return html`<section class="panel"><h2>Versions</h2>${versionBars(versions)}<div class="wide" tabindex="0" role="group" aria-label="versions"><table><thead><tr><th>version</th><th>kind</th><th class="number">NDCG@10</th><th class="number">F1</th><th class="number">ECE</th><th>verdict</th></tr></thead>
      <tbody>${versions.map((each) => html`<tr><td><a href="#/model?version=${each.version}">${each.version}</a></td><td>${each.kind ?? "–"}</td><td class="number">${figure(each.ndcg_at_10)}</td><td class="number">${figure(each.f1)}</td><td class="number">${figure(each.ece)}</td><td>${each.decision ?? "–"}</td></tr>`)}</tbody></table></div></section>`;
  }

  #learning({ history }) {
    if (!history?.epochs?.length) return nothing;
    return html`<section class="panel"><h2>Learning</h2><p class="soft">${plural(history.epochs.length, "epoch")}, the best ${history.best_epoch}, ${history.seconds.toFixed(1)} s.</p>${lossLine(history.epochs, history.best_epoch)}</section>`;
  }
}
define("model-screen", ModelScreen);
