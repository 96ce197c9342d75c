// The base of every element: asks the API, tells what it waits for, and tells what went wrong with a way on.
import { look } from "./look.js";
import { LitElement, html, nothing } from "./vendor/vendor.js";

const SLOW_MS = 2_500;

/** A property that has changed where its value has, not where it is another object. */
export const byValue = { attribute: false, hasChanged: (now, before) => JSON.stringify(now) !== JSON.stringify(before) };

export class TwinElement extends LitElement {
  static styles = look;
  static properties = { busy: { state: true }, slow: { state: true }, trouble: { state: true } };

  /** The answer, or undefined where it failed (told by `waiting`) or a later question has overtaken it. */
  async ask(question) {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    this.question = question;
    [this.busy, this.slow, this.trouble] = [true, false, undefined];
    const timer = setTimeout(() => { if (turn === this.turn) this.slow = true; }, SLOW_MS);
    try {
      const answer = await question();
      return turn === this.turn ? answer : undefined;
    } catch (error) {
      if (turn === this.turn) this.trouble = error;
    } finally {
      clearTimeout(timer);
      if (turn === this.turn) [this.busy, this.slow] = [false, false];
    }
  }

  /** Everything here once more, of whichever model is live now. */
  again() {
    return this.load();
  }

  tell(name, detail) {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }));
  }

  /** A sentence and a way on; while waiting, what stands in for the answer. */
  waiting(rows = 1, again = () => this.load()) {
    if (this.trouble) {
      return html`<div class="told row apart" role="alert"><span>${this.trouble.message}</span>
        <button @click=${again}>Try again</button></div>`;
    }
    if (!this.busy) return nothing;
    return html`<div class="stack" role="status"><span class=${this.slow ? "soft" : "hidden"}>
      ${this.slow ? "The answer takes longer than usual; still waiting…" : "Loading…"}</span>
      ${Array.from({ length: rows }, () => html`<span class="wait"></span>`)}</div>`;
  }
}

/** Registered once, whoever imports it. */
export const define = (name, element) => customElements.get(name) ?? customElements.define(name, element);

/** Whether a key belongs to a field that takes text. */
export const isTyping = (event) => event.composedPath()[0].matches?.("textarea, select, input:not([type=checkbox], [type=radio], [type=range])") ?? false;
