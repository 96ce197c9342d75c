// Colours of points: a scale for numbers that anybody can tell apart (viridis), and eight for kinds (Okabe and Ito).

const STEPS = 256;
const VIRIDIS = [ // a polynomial per channel through matplotlib's table, lowest power first
  [0.2777, 0.1051, -0.3309, -4.6342, 6.2283, 4.7764, -5.4355],
  [0.0054, 1.4046, 0.2148, -5.7991, 14.1799, -13.7451, 4.6459],
  [0.3341, 1.3846, 0.0951, -19.3324, 56.6906, -65.353, 26.3124],
];
const KINDS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a900", "#7f3c8d"];
const UNKNOWN = "#9aa3af";

const hex = (bytes) => `#${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
const viridis = (t) => VIRIDIS.map((powers) => 255 * Math.min(1, Math.max(0, powers.reduceRight((sum, power) => sum * t + power, 0))));
const faded = (channels, by) => channels.map((channel) => channel + (226 - channel) * by);
const packed = (colour) => (0xff000000 | (parseInt(colour.slice(5, 7), 16) << 16) | (parseInt(colour.slice(3, 5), 16) << 8) | parseInt(colour.slice(1, 3), 16)) >>> 0;

/** 255 steps from low to high, the lowest index for what is not known; on a light ground the high end is the dark one, and the low one pale. */
export function scale(dark) {
  const step = (t) => hex((dark ? viridis(0.04 + 0.96 * t) : faded(viridis(1 - t), 0.75 * (1 - t) ** 2)).map(Math.round));
  const colours = [UNKNOWN, ...Array.from({ length: STEPS - 1 }, (_, i) => step(i / (STEPS - 2)))];
  return { palette: Uint32Array.from(colours, packed), colours: colours.slice(1) };
}

export function kinds(names) {
  const colours = names.map((_, i) => KINDS[i % KINDS.length]);
  return { palette: Uint32Array.from([UNKNOWN, ...colours, ...Array(STEPS - 1 - colours.length).fill(UNKNOWN)], packed), colours };
}

/** Numbers (n,) as steps 1…255 between their 2 % and 98 % quantiles, 0 where unknown; the ends go with them. */
export function steps(values, [low, high] = ends(values)) {
  const index = new Uint8Array(values.length), by = 254 / (high - low || 1); // a loop: a call for each of 100 000 takes longer
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) index[i] = 1 + Math.round(Math.min(254, Math.max(0, (values[i] - low) * by)));
  return { low, high, index };
}

function ends(values) {
  const known = Float32Array.from(values).filter(Number.isFinite).sort();
  return known.length ? [known[Math.floor(known.length * 0.02)], known[Math.ceil(known.length * 0.98) - 1]] : [0, 1];
}
