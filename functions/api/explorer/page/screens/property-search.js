// A listing in hand: by its id, a zip code, or, where it is not known here, described.
import { searchProperties } from "../api.js";
import { TwinElement, define } from "../element.js";
import { look } from "../look.js";
import { css, html, nothing } from "../vendor/vendor.js";

class PropertySearch extends TwinElement {
  static properties = { user: {}, unknown: { state: true } };

  static styles = [look, css`
    form { position: relative; } input { width: 11rem; }
    .found { position: absolute; right: 0; top: 2.6rem; width: min(24rem, 90vw); z-index: 9; box-shadow: 0 8px 30px rgb(0 0 0 / 0.2); }
  `];

  focus() {
    this.renderRoot.querySelector("input").focus();
  }

  async #search(event) {
    event.preventDefault();
    const text = new FormData(event.target).get("text").trim();
    if (!text) return;
    this.unknown = "";
    const answer = await this.ask(() => searchProperties({ text, top_k: 2 }));
    const [first, second] = answer?.results ?? [];
    if (!answer) return;
    if (!first) this.unknown = text;
    else if (first.property_id === text || !second) this.tell("twin-open", { property_id: first.property_id });
    else this.tell("twin-go", { screen: "feed", learnt: false, filters: { listing_status: ["Active"], zipcode: [text] } });
  }

  async #describe() {
    await import("./describe-property.js");
    const form = Object.assign(document.createElement("describe-property"), { user: this.user, name: this.unknown });
    this.renderRoot.append(form);
    this.renderRoot.querySelector("form").reset();
    this.unknown = "";
  }

  render() {
    return html`<form @submit=${this.#search} role="search"><input name="text" type="search" placeholder="id or zip…  /" aria-label="property id or zip code" aria-keyshortcuts="/">
      ${this.unknown ? html`<div class="found panel stack" role="alert"><span><b>${this.unknown}</b> is not among this tenant's properties, and no zip code of theirs.</span>
        <span class="row"><button type="button" class="first" @click=${this.#describe}>Describe it</button>
        <button type="button" @click=${() => { this.unknown = ""; }}>Never mind</button></span></div>` : nothing}
      ${this.trouble ? html`<div class="found">${this.waiting(1, () => this.renderRoot.querySelector("form").requestSubmit())}</div>` : nothing}</form>`;
  }
}
define("property-search", PropertySearch);
