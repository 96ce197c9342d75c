// One property beside the screen: why, what is like it, who wants it, and all that is stored of it.
import { predict, property } from "../api.js";
import { TwinElement, define } from "../element.js";
import { facts, value } from "../formats.js";
import { look } from "../look.js";
import { css, html, nothing } from "../vendor/vendor.js";
import "../elements/feedback-thumbs.js";
import "../elements/likely-investors.js";
import "../elements/match-score.js";
import "../elements/property-fields.js";
import "../elements/similar-properties.js";
import "../elements/why-this-match.js";

const TABS = [["why", "Why"], ["similar", "Similar"], ["audience", "Who wants it"], ["fields", "All fields"]];

class PropertyDrawer extends TwinElement {
  static properties = { property: {}, user: {}, tab: {}, refused: {}, stored: { state: true }, judged: { state: true }, given: { state: true } };

  static styles = [look, css`
    :host { position: sticky; top: 4.4rem; }
    section { background: var(--surface); border: 1px solid var(--line); border-radius: var(--round); padding: 1.1rem 1.25rem; max-height: calc(100vh - 5.6rem); overflow: auto; overscroll-behavior: contain; display: grid; gap: 0.55rem; align-content: start; }
    section:focus { outline: none; } match-score { flex: 1; }
    h1 { font-size: 1.15rem; } .close { font-size: 1.3rem; line-height: 1; }
    [role="tablist"] { display: flex; flex-wrap: wrap; gap: 0.2rem; border-bottom: 1px solid var(--line); margin: 0.4rem 0 0.2rem; }
    [role="tab"] { border: 0; border-radius: 0; background: none; border-bottom: 2px solid transparent; color: var(--soft); }
    [role="tab"][aria-selected="true"] { border-color: var(--accent); color: var(--ink); font-weight: 600; }
    @media (max-width: 1100px) { :host { position: fixed; inset: 0 0 0 auto; top: 0; width: min(100vw, 34rem); z-index: 8; } section { max-height: none; height: 100%; border-radius: 0; box-shadow: 0 0 40px rgb(0 0 0 / 0.3); } }
  `];

  willUpdate(changed) {
    if (changed.has("property") || changed.has("user")) this.load();
  }

  firstUpdated() {
    this.renderRoot.querySelector("section").focus({ preventScroll: true });
  }

  async load() {
    if (this.stored?.property_id !== this.property) this.stored = undefined;
    this.judged = this.given = undefined;
    await this.#judge();
  }

  async #judge() {
    const name = this.property;
    const both = await this.ask(() => Promise.all([property(name), predict({ user_id: Number(this.user), property_id: name })]));
    if (both) [this.stored, this.judged] = both;
  }

  /** After a thumb, here or in the feed: the score and its reasons are others. */
  async learnt({ property_id, kind }) {
    if (property_id === this.property) this.given = kind;
    await this.#judge();
    this.renderRoot.querySelector("why-this-match")?.load();
  }

  again() {
    this.#judge();
    return this.renderRoot.querySelector("why-this-match, similar-properties, likely-investors")?.load();
  }

  #arrow(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const place = TABS.findIndex(([tab]) => tab === event.target.id);  // what is focused: the place follows later
    const [tab] = TABS[(place + by + TABS.length) % TABS.length];
    this.renderRoot.getElementById(tab).focus();
    this.tell("twin-go", { tab });
  }

  render() {
    const it = this.stored?.property, { judged } = this;
    return html`<section role="dialog" aria-labelledby="title" tabindex="-1"><div class="row apart"><h1 id="title">${it ? `${it.attributes?.address ?? it.property_type ?? "Property"}${it.zipcode ? ` · ${it.zipcode}` : ""}` : this.property}</h1>
        <button class="bare close" aria-label="Close" aria-keyshortcuts="Escape" @click=${() => this.tell("twin-close")}>×</button></div>
      ${it ? html`<p><b>${value("listing_price", it.listing_price)}</b> <span class="soft">${[this.property, it.listing_status, facts(it)].filter(Boolean).join(" · ")}</span></p>` : nothing}
      ${judged && !this.trouble ? nothing : this.waiting(2)}
      ${judged ? html`<div class="row apart"><match-score large .affinity=${judged.affinity_score} .confidence=${judged.confidence}></match-score>
        <feedback-thumbs .user=${this.user} .property=${this.property} .refused=${this.refused} .given=${this.given}></feedback-thumbs></div>
        <small>for investor ${this.user}${judged.degraded ? ", answered from the last training: the index is down" : ""}</small>` : nothing}
      ${it ? html`<div role="tablist" aria-label="about this property" @keydown=${this.#arrow}>${TABS.map(([tab, name]) => html`<button role="tab" id=${tab} aria-controls="panel" aria-selected=${tab === this.tab ? "true" : "false"}
          tabindex=${tab === this.tab ? 0 : -1} @click=${() => this.tell("twin-go", { tab })}>${name}</button>`)}</div>
        <div role="tabpanel" id="panel" aria-labelledby=${this.tab}>${this.#panel(it)}</div>` : nothing}</section>`;
  }

  #panel(it) {
    if (this.tab === "similar") return html`<similar-properties .property=${this.property} .reference=${it}></similar-properties>`;
    if (this.tab === "audience") return html`<likely-investors .property=${this.property}></likely-investors>`;
    if (this.tab === "fields") return html`<property-fields .fields=${it}></property-fields>`;
    return html`<why-this-match .user=${this.user} .property=${this.property}></why-this-match>`;
  }
}
define("property-drawer", PropertyDrawer);
