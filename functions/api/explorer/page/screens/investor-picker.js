// Whose eyes one sees through: a number, with those that are known to choose from.
import { TwinElement, define } from "../element.js";
import { ago, plural } from "../formats.js";
import { look } from "../look.js";
import { css, html, live } from "../vendor/vendor.js";

const total = (evidence) => Object.values(evidence).reduce((sum, n) => sum + n, 0);

class InvestorPicker extends TwinElement {
  static properties = { user: {}, known: { attribute: false } };

  static styles = [look, css` input { width: 8.5rem; } label { display: flex; align-items: center; gap: 0.45rem; color: var(--soft); } `];

  #chosen(event) {
    const user = event.target.value.trim();
    if (/^\d{1,9}$/.test(user)) this.tell("twin-go", { user });
    else event.target.value = this.user;
  }

  render() {
    return html`<label>Investor <input list="investors" inputmode="numeric" .value=${live(this.user)} @change=${this.#chosen} @focus=${(event) => event.target.select()}></label>
      <datalist id="investors">${(this.known ?? []).map(({ user_id, evidence, moved_at }) => html`<option value=${user_id}>
        ${plural(total(evidence), "event")}${moved_at ? `, ${ago(moved_at)}` : ""}</option>`)}</datalist>`;
  }
}
define("investor-picker", InvestorPicker);
