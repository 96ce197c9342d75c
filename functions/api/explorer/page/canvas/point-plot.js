// One plot: points on a canvas, marks and labels above it; drag and wheel move it, shift-drag draws a box, keys walk.
import { TwinElement, define } from "../element.js";
import { look } from "../look.js";
import { css, html, nothing, pointer, select, svg, zoom, zoomIdentity } from "../vendor/vendor.js";
import { Points } from "./points.js";

const MARGIN = 0.06;
const WALK = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const ZOOM = { "+": 1.5, "=": 1.5, "-": 1 / 1.5 };
const NICE_KM = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500];
const SHAPES = { history: "M0-7 2-2 7-2 3 1.500 4.500 7 0 3.500-4.500 7-3 1.500-7-2-2-2z", dislike: "M-5-5 5 5M5-5-5 5", feed: "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0", self: "M0-10V10M-10 0H10", open: "M-9 0a9 9 0 1 0 18 0a9 9 0 1 0-18 0" };

class PointPlot extends TwinElement {
  static properties = {
    name: {}, places: { attribute: false }, colours: { attribute: false }, marks: { attribute: false }, labels: { attribute: false },
    bright: { attribute: false }, hovered: { type: Number }, view: { state: true }, box: { state: true },
  };

  static styles = [look, css`
    .frame { position: relative; height: 100%; min-height: 300px; overflow: hidden; border-radius: var(--round); background: var(--surface); border: 1px solid var(--line); touch-action: none; user-select: none; }
    canvas, svg { position: absolute; inset: 0; width: 100%; height: 100%; } svg { cursor: crosshair; }
    path { stroke-width: 2; stroke: var(--ink); fill: none; paint-order: stroke; } .history { fill: var(--warn); stroke-width: 1.3; } .dislike { stroke: var(--bad); } .self { stroke: var(--accent); stroke-width: 3; } .open { stroke: var(--accent); stroke-width: 3; } .feed { stroke-width: 1.5; } .dim { opacity: 0.25; }
    text { font-size: 12px; fill: var(--ink); paint-order: stroke; stroke: var(--surface); stroke-width: 3px; text-anchor: middle; font-weight: 600; } .km { font-size: 11px; font-weight: 400; }
    .box { fill: var(--accent); fill-opacity: 0.12; stroke: var(--accent); } .hover { fill: none; stroke: var(--ink); stroke-width: 2; }
    .title { position: absolute; left: 0.8rem; top: 0.5rem; font-weight: 600; font-size: 0.9rem; pointer-events: none; } .buttons { position: absolute; right: 0.5rem; bottom: 0.5rem; display: grid; gap: 0.25rem; } .buttons button { width: 34px; padding: 0; justify-content: center; }
  `];

  firstUpdated() {
    this.points = new Points(this.renderRoot.querySelector("canvas"));
    this.zoom = zoom().scaleExtent([0.5, 200]).filter((event) => !event.shiftKey && !event.button).on("zoom", (event) => this.#moved(event.transform));
    this.surface = select(this.renderRoot.querySelector("svg")).call(this.zoom).on("dblclick.zoom", null);
    this.watch = new ResizeObserver(() => this.#sized());
    this.watch.observe(this.renderRoot.querySelector(".frame"));
    this.#sized();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.watch?.disconnect();
  }

  updated(changed) {
    if (!this.points || !this.places) return;
    if (changed.has("places")) this.points.setPlaces(this.places.x, this.places.y);
    if ((changed.has("colours") || changed.has("places")) && this.colours) this.points.setColours(this.colours.index, this.colours.palette);
    if (changed.has("bright")) this.points.setBright(this.bright);
    if (["places", "colours", "bright"].some((name) => changed.has(name))) this.#draw();
  }

  #sized() {
    const { clientWidth: width, clientHeight: height } = this.renderRoot.querySelector(".frame");
    if (!width || !height) return;
    this.points.resize(width, height, devicePixelRatio);
    [this.width, this.height] = [width, height];
    this.size = Math.min(width, height) * (1 - 2 * MARGIN);
    this.home = { x: (width - this.size) / 2, y: (height - this.size) / 2 };
    this.#moved(this.transform ?? zoomIdentity);
    this.#draw(); // at once: the canvas is empty since it has its new size
  }

  #moved(transform) {
    this.transform = transform;
    this.view = { k: this.size * transform.k, x: transform.applyX(this.home.x), y: transform.applyY(this.home.y) };
    this.frame ??= requestAnimationFrame(() => { this.frame = undefined; this.#draw(); });
  }

  #draw() {
    if (this.view && this.points.colours) this.points.draw(this.view);
  }

  /** Where a place in 0..1 lies on the canvas. */
  at(x, y) {
    return [x * this.view.k + this.view.x, y * this.view.k + this.view.y];
  }

  #hover(event) {
    if (event.buttons || !this.points.colours) return;
    const row = this.points.at(...pointer(event, event.currentTarget));
    if (row !== this.hovered) this.tell("point-hover", row);
  }

  #press(event) {
    if (!event.shiftKey) return;
    const surface = event.currentTarget, from = pointer(event, surface);
    surface.setPointerCapture(event.pointerId);
    const move = (next) => { this.box = [from, pointer(next, surface)]; };
    const end = (last) => {
      surface.removeEventListener("pointermove", move);
      this.box = undefined;
      this.tell("point-box", this.points.within(from, pointer(last, surface)));
    };
    surface.addEventListener("pointermove", move);
    surface.addEventListener("pointerup", end, { once: true });
  }

  #pressed(event) {
    if (WALK[event.key]) this.tell("point-hover", this.points.next(Math.max(0, this.hovered ?? 0), ...WALK[event.key]));
    else if (ZOOM[event.key]) this.surface.call(this.zoom.scaleBy, ZOOM[event.key]);
    else if (event.key === "0") this.surface.call(this.zoom.transform, zoomIdentity);
    else if (event.key === "Enter" && this.hovered >= 0) this.tell("point-choose", this.hovered);
    else return;
    event.preventDefault();
  }

  render() {
    const by = (factor) => () => this.surface.call(this.zoom.scaleBy, factor);
    return html`<div class="frame" tabindex="0" role="application" aria-label="${this.name}: arrows walk from point to point, Enter opens, plus, minus and 0 zoom; the list below has the same" @keydown=${this.#pressed}>
      <canvas></canvas><svg aria-hidden="true" @pointermove=${this.#hover} @pointerleave=${() => this.tell("point-hover", -1)} @pointerdown=${this.#press}
        @click=${(event) => { const row = this.points.at(...pointer(event, event.currentTarget)); if (row >= 0 && !event.shiftKey) this.tell("point-choose", row); }}>${this.view && this.places ? this.#above() : nothing}</svg>
      <span class="title">${this.name}</span><span class="buttons"><button aria-label="zoom in" @click=${by(1.5)}>+</button><button aria-label="zoom out" @click=${by(1 / 1.5)}>−</button></span></div>`;
  }

  #above() {
    const { x, y, km } = this.places, put = (px, py) => `translate(${this.at(px, py).map((v) => v.toFixed(1))})`;
    const step = km && NICE_KM.findLast((each) => (each / km) * this.view.k < 140);
    return svg`${(this.marks ?? []).map((mark) => svg`<path class="${mark.kind} ${this.bright && mark.row !== undefined && !this.bright.includes(mark.row) ? "dim" : ""}" d=${SHAPES[mark.kind]} transform=${put(mark.x ?? x[mark.row], mark.y ?? y[mark.row])} />`)}
      ${(this.labels ?? []).map((label) => svg`<text transform=${put(label.x, label.y)} dy="-10">${label.text}</text>`)}
      ${this.hovered >= 0 ? svg`<circle class="hover" r="8" transform=${put(x[this.hovered], y[this.hovered])} />` : nothing}
      ${this.box ? svg`<rect class="box" x=${Math.min(this.box[0][0], this.box[1][0])} y=${Math.min(this.box[0][1], this.box[1][1])} width=${Math.abs(this.box[0][0] - this.box[1][0])} height=${Math.abs(this.box[0][1] - this.box[1][1])} />` : nothing}
      ${step ? svg`<g transform="translate(16, ${this.height - 14})"><path d="M0-4V0H${((step / km) * this.view.k).toFixed(1)}V-4" /><text class="km" x=${((step / km) * this.view.k) / 2} dy="-6">${step} km</text></g>` : nothing}`;
  }
}
define("point-plot", PointPlot);
