// Every field that is stored of a property, with its unit; own attributes are text and nothing but text.
import { TwinElement, define } from "../element.js";
import { nameOf, value } from "../formats.js";
import { look } from "../look.js";
import { css, html } from "../vendor/vendor.js";

class PropertyFields extends TwinElement {
  static properties = { fields: { attribute: false } };

  static styles = [look, css` td:last-child { overflow-wrap: anywhere; } td:first-child { color: var(--soft); width: 42%; } `];

  render() {
    const { attributes = {}, ...fields } = this.fields;
    const rows = [...Object.entries(fields), ...Object.entries(attributes).map(([name, given]) => [`attributes.${name}`, given])];
    return html`<table><tbody>${rows.filter(([, given]) => given !== null && given !== undefined).map(([field, given]) => html`
      <tr><td>${nameOf(field)}</td><td class="number">${value(field, given)}</td></tr>`)}</tbody></table>`;
  }
}
define("property-fields", PropertyFields);
