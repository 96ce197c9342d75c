// Where the matches lie: map and space, linked; a box on either becomes a list, and the feed within it.
import { recommend } from "../api.js";
import { TwinElement, define } from "../element.js";
import { percent, plural, value } from "../formats.js";
import { look } from "../look.js";
import { css, html, nothing } from "../vendor/vendor.js";
import "../elements/embedding-space.js";

const LISTED = 20;
const NAMED_LIMIT = 300; // of a box, the best: as many as a link can carry
const OFF_MARKET = new Set(["Sold", "Off Market"]); // as `/recommend` has it: what states no status may be for sale
const DID = { deal: "dealt", like: "liked", dislike: "disliked", outreach: "contacted" };
const VIEWS = [["both", "Both"], ["map", "Map"], ["space", "Space"]];

class ExploreScreen extends TwinElement {
  static properties = { place: { attribute: false }, feed: { state: true }, got: { state: true }, rows: { state: true } };

  static styles = [look, css`
    .switch { display: inline-flex; } .switch button { border-radius: 0; margin-left: -1px; } .switch button[aria-pressed="true"] { background: var(--tint); border-color: var(--accent); z-index: 1; }
    td button { min-height: 0; padding: 0; border: 0; background: none; font-weight: 600; } section { margin-top: 1rem; } td.number, th.number { padding-right: 1.6rem; }
  `];

  willUpdate(changed) {
    if (changed.has("place") && changed.get("place")?.user !== this.place.user) this.load();
  }

  async load() {
    [this.rows, this.feed] = [undefined, undefined];
    const { user, filters } = this.place;
    this.feed = (await this.ask(() => recommend({ user_id: Number(user), top_k: LISTED, filters, explain: false })))?.recommendations;
  }

  again() {
    this.learnt();
    return this.load();
  }

  /** After a thumb: scores and history are others. */
  learnt() {
    this.renderRoot.querySelector("embedding-space").load();
  }

  /** By property what the investor did with it, more than look. */
  get #did() {
    return new Map(this.got.answer.history.filter(({ kind }) => DID[kind]).map(({ property_id, kind }) => [property_id, DID[kind]]));
  }

  /** The rows of the box, or of all that can still be recommended: the best first. */
  get #best() {
    const { atlas, own } = this.got, did = this.#did;
    const left = () => [...atlas.names.keys()].filter((row) => !did.has(atlas.names[row]) && !OFF_MARKET.has(atlas.statuses[atlas.status[row]]));
    return [...(this.rows ?? left())].sort((one, other) => own.affinity[other] - own.affinity[one]);
  }

  render() {
    const { place } = this;
    return html`<div class="row apart"><div><h1>Explore</h1><p class="soft">Every property, as investor ${place.user} would see it</p></div>
        <span class="switch" role="group" aria-label="view">${VIEWS.map(([view, name]) => html`<button aria-pressed=${view === place.view ? "true" : "false"} @click=${() => this.tell("twin-go", { view })}>${name}</button>`)}</span></div>
      ${this.trouble ? this.waiting() : nothing}
      <embedding-space .user=${place.user} .view=${place.view} .feed=${this.feed} .opened=${place.open}
        @twin-answer=${(event) => { this.got = event.detail; }} @twin-box=${(event) => { this.rows = event.detail.rows; }}></embedding-space>
      ${this.got ? this.#list() : nothing}`;
  }

  #list() {
    const { atlas, own } = this.got, best = this.#best, did = this.#did, inBox = () => best.slice(0, NAMED_LIMIT).map((row) => atlas.names[row]);
    return html`<section class="panel"><div class="row apart"><h2>${this.rows ? `${plural(this.rows.length, "property", "properties")} in the box` : "The best matches"}</h2>
        ${this.rows ? html`<span class="row"><button @click=${() => { this.rows = undefined; }}>Drop the box</button>
          <button class="first" ?disabled=${!best.length} @click=${() => this.tell("twin-go", { screen: "feed", only: inBox() })}>Feed within it →</button></span>` : nothing}</div>
      <div class="wide" tabindex="0" role="group" aria-label="properties"><table><thead><tr><th>property</th><th>type</th><th class="number">price</th><th>status</th><th class="number">match</th></tr></thead><tbody>${best.slice(0, LISTED).map((row) => html`
        <tr><td><button @click=${() => this.tell("twin-open", { property_id: atlas.names[row] })}>${atlas.names[row]}</button></td><td>${atlas.types[atlas.type[row]] ?? "–"}</td>
          <td class="number">${Number.isFinite(atlas.price[row]) ? value("price", Math.round(atlas.price[row])) : "–"}</td><td>${[atlas.statuses[atlas.status[row]] ?? "–", did.get(atlas.names[row])].filter(Boolean).join(" · ")}</td><td class="number">${percent(own.affinity[row] / 255)}</td></tr>`)}</tbody></table></div></section>`;
  }
}
define("explore-screen", ExploreScreen);
