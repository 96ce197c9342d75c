// One investor: what was learnt of them, to check and correct, and what they did.
import { investor } from "../api.js";
import { TwinElement, define } from "../element.js";
import { STRATEGIES, ago, facts, plural, value } from "../formats.js";
import { look } from "../look.js";
import { css, html, nothing } from "../vendor/vendor.js";
import "../elements/learnt-buy-box.js";
import "../elements/match-score.js";

const SIGNS = { deal: "★", like: "♥", dislike: "✕", outreach: "✉", view: "○" };
const EVENTS = { deal: ["deal"], like: ["like"], dislike: ["dislike"], outreach: ["contact"], view: ["view"] };
const KEPT = 50; // properties that a full history holds

class InvestorScreen extends TwinElement {
  static properties = { place: { attribute: false }, acted: { type: Number }, who: { state: true } };

  static styles = [look, css`
    .halves { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.25rem; margin-top: 1rem; }
    li { display: grid; grid-template-columns: 1.4rem minmax(0, 1fr) 9rem; gap: 0.8rem; align-items: center; padding: 0.5rem 0; border-bottom: 1px solid var(--line); } li:last-child { border: 0; }
    .name { background: none; border: 0; padding: 0; min-height: 0; font-weight: 600; text-align: left; }
    .history { max-height: 70vh; overflow: auto; }
    @media (min-width: 1250px) { .halves { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); } }
    @media (max-width: 620px) { li { grid-template-columns: 1.4rem 1fr; } match-score { grid-column: 2; } }
  `];

  willUpdate(changed) {
    if (changed.has("place") && changed.get("place")?.user !== this.place.user) this.load();
  }

  async load() {
    this.who = undefined;
    this.who = await this.ask(() => investor(this.place.user));
    if (this.who) this.tell("twin-answer", { answer: this.who });
  }

  /** Dealings that the history leaves out, which it does where it is not full. */
  get #uncounted() {
    const { view = 0, ...acted } = this.who.evidence, counted = Object.values(acted).reduce((sum, n) => sum + n, 0);
    return counted + view < KEPT ? Math.max(0, (this.acted ?? 0) - counted) : 0;
  }

  render() {
    const { who, place } = this;
    const [name, meaning] = STRATEGIES[who?.strategy] ?? [];
    const events = Object.entries(who?.evidence ?? {}).filter(([, n]) => n).map(([kind, n]) => plural(n, EVENTS[kind]?.[0] ?? kind));
    return html`<h1>Investor ${place.user}</h1>
      <p class="soft">${[name, ...events, who?.moved_at && `moved ${ago(who.moved_at)}`].filter(Boolean).join(" · ")}</p>
      ${this.waiting(5)}${who ? html`${who.strategy === "twin" ? nothing : html`<p class="told" role="status"><b>${name}</b>: ${meaning}.</p>`}
      <div class="halves"><section class="panel"><learnt-buy-box .box=${who.buy_box}></learnt-buy-box></section>
        <section class="panel"><h2>History</h2>${this.#uncounted ? html`<p class="soft">${plural(this.#uncounted, "earlier dealing")} no longer ${this.#uncounted === 1 ? "counts" : "count"}: the taste changed, or the property is gone.</p>` : nothing}${who.history.length ? html`<ul class="history" tabindex="0" aria-label="what this investor did, the newest first">${who.history.map((event) => this.#event(event))}</ul>`
          : html`<p class="soft">Nothing yet. State what is wanted: drag the ends of the box and use them as filters.</p>`}</section></div>` : nothing}`;
  }

  #event({ property_id, kind, occurred_at, affinity_score, property: it }) {
    return html`<li><span role="img" aria-label=${kind} title=${kind}>${SIGNS[kind] ?? "·"}</span>
      <div><button class="name" @click=${() => this.tell("twin-open", { property_id })}>${it.property_type ?? "Property"}${it.zipcode ? ` · ${it.zipcode}` : ""} · ${value("listing_price", it.listing_price)}</button>
        <div class="soft">${[`${kind} ${ago(occurred_at)}`, property_id, facts(it)].filter(Boolean).join(" · ")}</div></div>
      <match-score .affinity=${affinity_score} title="its match today"></match-score></li>`;
  }
}
define("investor-screen", InvestorScreen);
