// Who is signed in: by the link that `twin serve` prints, or at the identity provider that config.json names.
import { Trouble, configure } from "./api.js";

const KEY = "portfolio-twin";
const SCOPE = "openid twin/read twin/write";
let manager;

export const session = { token: "", claims: {}, tenant: "", providers: false };
const READ_ONLY = "Your token may read only: thumbs need the scope twin/write. Whoever manages your accounts can grant it.";

/** Why thumbs are off; nothing where they are not. */
export const refused = () => ((session.claims.scope ?? "").split(" ").includes("twin/write") ? "" : READ_ONLY);

/** Finds a token: in the link, which then forgets it, in this tab, or at the provider. */
export async function begin() {
  const link = new URLSearchParams(location.hash.slice(1));
  if (link.has("token")) {
    sessionStorage.setItem(KEY, JSON.stringify({ token: link.get("token"), tenant: link.get("tenant") }));
    history.replaceState(null, "", location.pathname);
  }
  configure({ token });
  addEventListener("twin-signed-out", forget);
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  if (kept) return take(kept.token, kept.tenant);
  const config = await fetch("/explorer/config.json").then((answer) => answer.json()).catch(() => ({}));
  session.providers = Boolean(config.client_id);
  if (session.providers) await atProvider(config);
}

async function atProvider({ authority, client_id }) {
  const { UserManager, WebStorageStateStore } = await import("./vendor/oidc.js");
  const redirect_uri = `${location.origin}/`;
  const store = new WebStorageStateStore({ store: sessionStorage });
  manager = new UserManager({
    authority, client_id, redirect_uri, post_logout_redirect_uri: redirect_uri, response_type: "code", scope: SCOPE,
    userStore: store, stateStore: store, automaticSilentRenew: false,
  });
  if (new URLSearchParams(location.search).has("code")) {
    const { state } = await manager.signinRedirectCallback().catch(unreached);
    history.replaceState(null, "", `/${state ?? ""}`);
  }
  const user = await manager.getUser();
  if (user && (!user.expired || user.refresh_token)) take(user.access_token);
}

export const signIn = () => manager.signinRedirect({ state: location.hash }).catch(unreached);

function unreached(error) {
  throw new Trouble(`Signing in did not work (${error.message}). Try again; if it stays, whoever manages your accounts can help.`);
}

/** Its tokens are gone from here, then from the provider. */
export async function signOut() {
  forget();
  const client_id = manager?.settings.client_id;
  const extraQueryParams = { client_id, logout_uri: manager?.settings.redirect_uri }; // as Cognito wants it
  if (await manager?.getUser()) await manager.signoutRedirect({ extraQueryParams }).catch(() => manager.removeUser());
}

/** A token that is still good; a provider's is renewed by its refresh token, never in a frame. */
async function token() {
  const user = await manager?.getUser();
  if (user?.expired && user.refresh_token) await manager.signinSilent().then((fresh) => take(fresh.access_token), forget);
  return session.token;
}

function take(value, tenant) {
  const claims = read(value);
  Object.assign(session, { token: value, claims, tenant: tenant ?? claims.tenant_name ?? "" });
}

/** What the token says; whether it is true only the API can tell. */
function read(value) {
  try {
    const bytes = Uint8Array.from(atob(value.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
}

function forget() {
  sessionStorage.removeItem(KEY);
  Object.assign(session, { token: "", claims: {}, tenant: "" });
  dispatchEvent(new CustomEvent("twin-session"));
}
