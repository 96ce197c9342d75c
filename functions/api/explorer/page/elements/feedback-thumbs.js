// <feedback-thumbs user-id="374" property-id="HV-00231">: yes and no; tells `twin-feedback` at once, with what comes of it.
import { feedback } from "../api.js";
import { TwinElement, define } from "../element.js";
import { look } from "../look.js";
import { css, html, nothing } from "../vendor/vendor.js";

const UP = "M7 11v9H3v-9zM7 12l4-9c1.800 0 2.800 1.200 2.500 3L13 9h6c1.400 0 2.300 1.300 1.900 2.600l-2 6.900A2.200 2.200 0 0 1 16.800 20H7";
const WAYS = [["like", "Like", "L", ""], ["dislike", "Dislike", "D", "rotate(180 12 12)"]];
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

class FeedbackThumbs extends TwinElement {
  static properties = {
    user: { attribute: "user-id" }, property: { attribute: "property-id" }, given: { reflect: true },
    refused: {}, keys: { type: Boolean },
  };

  static styles = [look, css`
    button { min-width: 3.4rem; justify-content: center; padding: 0 0.55rem; }
    button[aria-pressed="true"], button[aria-pressed="true"]:hover:not(:disabled) { background: var(--tint); border-color: var(--accent); }
    svg { width: 18px; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linejoin: round; }
  `];

  #keys = {};

  /** Stored once however often it is pressed: the same thumb goes with the same key until another follows. */
  give(kind, because) {
    if (this.refused || (this.given === kind && !because)) return undefined;
    const key = (this.#keys = { [kind]: (!because && this.#keys[kind]) || newKey() })[kind];
    const before = this.given;
    this.given = kind;
    const request = { user_id: Number(this.user), kind, ...(because && { because }) };
    const done = this.ask(() => feedback(this.property, request, key));
    done.then((answer) => { if (!answer) this.given = before; });
    this.tell("twin-feedback", { property_id: this.property, kind, done });
    return done;
  }

  clear() {
    const request = { user_id: Number(this.user), kind: "clear" };
    this.given = undefined;
    return this.ask(() => feedback(this.property, request, newKey()));
  }

  load() {
    this.trouble = undefined;
  }

  render() {
    return html`<div class="row" title=${this.refused || nothing}>${WAYS.map(([kind, label, key, turned]) => html`
      <button aria-label=${label} aria-pressed=${this.given === kind ? "true" : "false"} ?disabled=${Boolean(this.refused)}
        aria-keyshortcuts=${this.keys ? key : nothing} @click=${(event) => { event.stopPropagation(); this.give(kind); }}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d=${UP} transform=${turned} /></svg>${this.keys ? html`<kbd aria-hidden="true">${key}</kbd>` : nothing}</button>`)}</div>
      ${this.trouble ? this.waiting() : nothing}`;
  }
}
define("feedback-thumbs", FeedbackThumbs);
