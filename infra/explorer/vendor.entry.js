// What the page's modules import as ./vendor/vendor.js.
export { LitElement, css, html, nothing, svg } from "lit";
export { classMap } from "lit/directives/class-map.js";
export { live } from "lit/directives/live.js";
export { repeat } from "lit/directives/repeat.js";
export { pointer, select } from "d3-selection";
export { zoom, zoomIdentity, zoomTransform } from "d3-zoom";
