// What the model is for and what not: of its card (`twin model-card` writes the whole), which a test holds these words to.
import { count, nameOf, plural } from "../formats.js";
import { html, nothing } from "../vendor/vendor.js";

const USE = [
  ["For", "investment teams: to rank the properties of their own catalogue for one of their own investors, to say how well a property matches and why, to find look-alikes, and to see who on the team may want a property."],
  ["By", "people who decide for themselves: an answer is a suggestion with its confidence, not advice to buy."],
  ["Not for", "steering: choosing which homes tenants or home buyers are shown, told of or advertised to."],
  ["Not for", "appraisal, credit, insurance, the screening of tenants, or predicting prices."],
  ["Not for", "another tenant's investors or another market: nothing here was tested on either."],
];
const CAVEAT = "It repeats what investors did. If they avoided a neighbourhood, so will the list; popularity and recent activity make that stronger.";

const dates = (window) => (window ? `, ${window.map((when) => when.slice(0, 10)).join(" to ")}` : "");

export function card({ manifest, metrics }) {
  if (!manifest) return nothing;
  const { numeric = [], categorical = [], place } = manifest.feature_schema ?? {}, data = metrics?.data;
  const inputs = [...numeric, ...categorical].map(({ name }) => nameOf(name)).concat(place ? "location" : []);
  return html`<section class="panel"><h2>What it is for, and what not</h2>
    <dl class="use">${USE.map(([what, text]) => html`<dt>${what}</dt><dd>${text}</dd>`)}</dl>
    ${data ? html`<p class="soft">Learnt from ${plural(data.properties, "property", "properties")} and ${plural(data.interactions, "interaction")} of ${plural(data.investors, "investor")}${dates(manifest.data_window)}.</p>` : nothing}
    ${inputs.length ? html`<details><summary>${count(inputs.length)} inputs</summary><p class="soft">${inputs.join(", ")}</p></details>` : nothing}
    <p class="soft">${CAVEAT}</p></section>`;
}
