// Reads a safetensors file: a JSON header and raw columns.

const KINDS = { U8: Uint8Array, U16: Uint16Array, U32: Uint32Array, F32: Float32Array, F64: Float64Array, I64: BigInt64Array };
const NOWHERE = 65_535;

/** By name each column, and the header's own words. */
export function read(buffer) {
  const size = Number(new DataView(buffer).getBigUint64(0, true));
  const { __metadata__: about = {}, ...tensors } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, size)));
  const columns = Object.entries(tensors).map(([name, { dtype, data_offsets: [from, to] }]) => [name, new KINDS[dtype](buffer.slice(8 + size + from, 8 + size + to))]);
  return { about, ...Object.fromEntries(columns) };
}

/** The places of a model's properties: names, both pairs of coordinates in 0..1, and what they can be coloured by. */
export function readAtlas(buffer) {
  const { about, x, y, lat, lon, price, type, status, days, ids, offsets } = read(buffer);
  const names = namesOf(ids, offsets), list = (text) => JSON.parse(text ?? "[]");
  return {
    about, names, lat, lon, unplaced: lat.reduce((sum, v, row) => sum + !Number.isFinite(v + lon[row]), 0), rows: new Map(names.map((name, row) => [name, row])), version: about.model_version,
    space: { x: Float32Array.from(x, (v) => v / NOWHERE), y: Float32Array.from(y, (v) => 1 - v / NOWHERE) }, map: onMap(lat, lon),
    price, days: Float32Array.from(days, (v) => (v === NOWHERE ? NaN : v)), type, status, types: list(about.types), statuses: list(about.statuses),
  };
}

/** Cut out of one text where each letter is one byte, which takes a tenth of the time. */
function namesOf(ids, offsets) {
  const bytes = new TextDecoder(), text = bytes.decode(ids), plain = text.length === ids.length;
  return Array.from({ length: offsets.length - 1 }, (_, i) => (plain ? text.slice(offsets[i], offsets[i + 1]) : bytes.decode(ids.subarray(offsets[i], offsets[i + 1]))));
}

/** Degrees on a plane that keeps shapes, north up, in 0..1 by their middle 99 %: one wrong place must not shrink the rest. */
function onMap(lat, lon) {
  const [south, north] = ends(lat), [west, east] = ends(lon), shrink = Math.cos((((north + south) / 2) * Math.PI) / 180);
  const size = Math.max(north - south, (east - west) * shrink) || 1;
  return {
    x: Float32Array.from(lon, (v) => 0.5 + ((v - (west + east) / 2) * shrink) / size),
    y: Float32Array.from(lat, (v) => 0.5 - (v - (south + north) / 2) / size), km: size * 111.32,
  };
}

function ends(values) {
  const known = values.filter(Number.isFinite).sort();
  return known.length ? [known[Math.floor(known.length * 0.005)], known[Math.ceil(known.length * 0.995) - 1]] : [0, 1];
}

/** A label where the middle of each zip code's known properties lies. */
export function medians(marks, { x, y }) {
  const middle = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
  const groups = Map.groupBy(marks.filter(({ zipcode, row }) => zipcode && Number.isFinite(x[row])), ({ zipcode }) => zipcode);
  return [...groups].map(([text, some]) => ({ text, x: middle(some.map(({ row }) => x[row])), y: middle(some.map(({ row }) => y[row])) }));
}
