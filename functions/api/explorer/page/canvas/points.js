// Up to some 100 000 points as pixels of one image: a few milliseconds a frame without a GPU, where WebGL libraries need
// one (docs/decisions/0023). Coordinates are in 0..1; a view {k, x, y} maps them to the canvas, as d3-zoom has it.

const COLOURS = 256;
const MANY = 20_000;
const SOME = 4_000;
const PICK_WIDER = 3;
const WHOLE = 0xffffffff;
const DIM = 0x30ffffff; // the same colour, nearly gone

/** Offsets within a round mark, as [dx, dy]. */
function disc(radius) {
  const offsets = [];
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) if (dx * dx + dy * dy <= radius * radius + radius * 0.6) offsets.push([dx, dy]);
  }
  return offsets;
}

export class Points {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.x = this.y = new Float32Array(0);
    this.picked = undefined;
  }

  /** (n,) each; NaN: it has no place here. */
  setPlaces(x, y) {
    [this.x, this.y] = [x, y];
    this.setColours(new Uint8Array(x.length), this.palette ?? new Uint32Array(COLOURS).fill(0xff888888));
  }

  /** (n,) indexes into (256,) colours as 0xAABBGGRR; a higher index lies above a lower one. */
  setColours(colours, palette) {
    [this.colours, this.palette, this.picked] = [colours, palette, undefined];
    const starts = new Uint32Array(COLOURS + 1);
    for (let i = 0; i < colours.length; i++) starts[colours[i] + 1]++;
    for (let c = 0; c < COLOURS; c++) starts[c + 1] += starts[c];
    this.order = new Uint32Array(colours.length);
    for (let i = 0; i < colours.length; i++) this.order[starts[colours[i]]++] = i;
  }

  /** The rows (m,) that alone stay bright, a little larger; undefined: all are as they are. */
  setBright(rows) {
    this.bright = rows;
  }

  resize(width, height, ratio) {
    const { canvas } = this;
    [canvas.width, canvas.height, this.ratio] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio)), ratio];
    this.image = this.context.createImageData(canvas.width, canvas.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.picked = undefined;
  }

  get radius() {
    const n = this.x.length;
    return Math.round((n > MANY ? 1 : n > SOME ? 2 : 3) * (this.ratio > 1 ? 1.5 : 1));
  }

  draw(view) {
    this.view = view;
    this.picked = undefined;
    this.pixels.fill(0);
    const dim = this.bright ? DIM : WHOLE;
    this.#paint(this.pixels, this.radius, (row) => this.palette[this.colours[row]] & dim);
    if (this.bright) this.#paint(this.pixels, this.radius + 1, (row) => this.palette[this.colours[row]], this.bright);
    this.context.putImageData(this.image, 0, 0);
  }

  #paint(target, radius, valueOf, order = this.order) {
    const { x, y, ratio, view } = this, { width, height } = this.canvas;
    const k = view.k * ratio, left = view.x * ratio, top = view.y * ratio;
    const steps = Int32Array.from(disc(radius), ([dx, dy]) => dy * width + dx);
    for (let i = 0; i < order.length; i++) {
      const row = order[i], px = Math.round(x[row] * k + left), py = Math.round(y[row] * k + top);
      if (!(px >= radius && py >= radius && px < width - radius && py < height - radius)) continue; // NaN as well
      const at = py * width + px, value = valueOf(row);
      for (let s = 0; s < steps.length; s++) target[at + steps[s]] = value;
    }
  }

  /** The row of the point that is seen at a place of the canvas, or -1. */
  at(cx, cy) {
    if (!this.view) return -1;
    if (!this.picked) {
      this.picked = new Uint32Array(this.pixels.length);
      this.#paint(this.picked, this.radius + PICK_WIDER, (row) => row + 1);
      this.#paint(this.picked, this.radius, (row) => row + 1); // what is seen wins over what is only near
    }
    const px = Math.round(cx * this.ratio), py = Math.round(cy * this.ratio);
    return px < 0 || py < 0 || px >= this.canvas.width || py >= this.canvas.height ? -1 : this.picked[py * this.canvas.width + px] - 1;
  }

  /** The rows within a box of the canvas. */
  within([x0, y0], [x1, y1]) {
    const { k, x: left, y: top } = this.view, rows = [];
    const [west, east] = [Math.min(x0, x1), Math.max(x0, x1)].map((v) => (v - left) / k);
    const [north, south] = [Math.min(y0, y1), Math.max(y0, y1)].map((v) => (v - top) / k);
    for (let i = 0; i < this.x.length; i++) if (this.x[i] >= west && this.x[i] <= east && this.y[i] >= north && this.y[i] <= south) rows.push(i);
    return rows;
  }

  /** From a row to the nearest one in a direction (dx, dy), within a quarter turn; the row itself where there is none. */
  next(row, dx, dy) {
    let best = row, least = Infinity;
    for (let i = 0; i < this.x.length; i++) {
      const x = this.x[i] - this.x[row], y = this.y[i] - this.y[row], along = x * dx + y * dy, aside = Math.abs(x * dy - y * dx);
      if (along > 0 && aside <= along && along + aside < least) [best, least] = [i, along + aside];
    }
    return best;
  }
}
