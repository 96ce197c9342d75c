// The API, one function a route. A host says where it is and whose token goes along: configure({ base, token }).

const PATIENCE_MS = 30_000;
const RETRY_MS = 1_500;
let host = { base: "", token: async () => "" };

export const configure = (given) => { host = { ...host, ...given }; };

/** What went wrong, in a sentence that says how to go on. */
export class Trouble extends Error {
  constructor(sentence, status, code) {
    super(sentence);
    Object.assign(this, { status, code });
  }
}

const id = encodeURIComponent;
const query = (fields) => new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
const get = (path, more) => call("GET", path, more);
const post = (path, body, more) => call("POST", path, { body, ...more });

export const predict = (request) => post("/predict", request);
export const explain = (user_id, property_id) => post("/explain", { user_id, property: { property_id } });
export const recommend = (request) => post("/recommend", request);
export const similar = (property, top_k) => get(`/properties/${id(property)}/similar?${query({ top_k })}`);
export const audience = (property, top_k, exclude_acted) => get(`/properties/${id(property)}/audience?${query({ top_k, exclude_acted })}`);
export const feedback = (property, request, key) => post(`/properties/${id(property)}/feedback`, request, { headers: { "idempotency-key": key } });
export const property = (name) => get(`/properties/${id(name)}`);
export const searchProperties = (request) => post("/properties/search", request);
export const investors = (top_k, cursor) => get(`/investors?${query({ top_k, cursor })}`);
export const investor = (user) => get(`/investors/${id(user)}`);
export const atlas = (version) => get(`/atlas/${id(version)}`, { binary: true });
export const investorAtlas = (user) => get(`/investors/${id(user)}/atlas`, { binary: true });
export const models = () => get("/models");
export const model = (version) => get(`/models/${id(version)}`);
export const report = (version) => get(`/models/${id(version)}/report`);

/** The same request as a command, with the token left out. */
export const asCurl = (path, body) =>
  `curl -s ${host.base || location.origin}${path} -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`;

/** Once more after a moment where nothing answered: no request here does harm when it is sent twice. */
async function call(method, path, options = {}) {
  const answer = await send(method, path, options);
  if (answer.ok) return options.binary ? answer.arrayBuffer() : answer.json();
  throw await troubleOf(answer);
}

async function send(method, path, options) {
  const first = await attempt(method, path, options);
  if (first.ok || (first.status && first.status !== 503)) return first;
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  return attempt(method, path, options);
}

async function attempt(method, path, { body, headers = {} }) {
  const token = await host.token();
  const sent = { ...headers, ...(token && { authorization: `Bearer ${token}` }), ...(body && { "content-type": "application/json" }) };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await fetch(host.base + path, { method, headers: sent, body: body && JSON.stringify(body), signal });
  } catch (error) {
    return { ok: false, status: 0, late: error.name === "TimeoutError", json: async () => ({}) };
  }
}

async function troubleOf(answer) {
  const told = await answer.json().catch(() => ({}));
  const { code, message, request_id } = told.error ?? { message: told.message };
  if (answer.status === 401) dispatchEvent(new CustomEvent("twin-signed-out"));
  return new Trouble(sentence(answer, message, request_id), answer.status, code);
}

function sentence(answer, message = "", request) {
  if (answer.late) return "There was no answer within half a minute. Nothing was lost: try again.";
  if (answer.status === 0) return "The service cannot be reached: are you online? Nothing was lost: try again.";
  if (answer.status === 401) return "Your sign-in is not valid or has ended: sign in again.";
  if (answer.status === 403) return `Your account may not do this: ${message}. Whoever manages your accounts can allow it.`;
  if (answer.status === 429) return "Too many requests at once: wait a moment and try again.";
  if (answer.status === 503) return `The service is not ready: ${message}. Asked twice; try again in a moment.`;
  if (answer.status >= 500) return `Something went wrong on our side. Try again; if it stays, report ${request ?? "it"}.`;
  return message || `The request was refused (${answer.status}).`;
}
