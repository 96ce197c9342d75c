// Loaded only where an identity provider is configured.
export { UserManager, WebStorageStateStore } from "oidc-client-ts";
