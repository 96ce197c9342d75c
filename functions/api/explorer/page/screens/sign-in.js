// Nobody is signed in: a sentence and a way on.
import { TwinElement, define } from "../element.js";
import { look } from "../look.js";
import { session, signIn } from "../session.js";
import { css, html, nothing } from "../vendor/vendor.js";

class SignIn extends TwinElement {
  static properties = { trouble: { attribute: false } };

  static styles = [look, css`
    :host { max-width: 34rem; margin: 12vh auto 0; }
    form { display: flex; gap: 0.5rem; } input { flex: 1; min-width: 0; }
    code { background: var(--raised); padding: 0.1em 0.4em; border-radius: 4px; }
  `];

  #paste(event) {
    event.preventDefault();
    location.hash = `#token=${new FormData(event.target).get("token").trim()}`;
    location.reload();
  }

  render() {
    return html`<div class="panel stack"><h1>Portfolio Twin</h1>
      <p>Learns what each investor wants, from what they do, and finds it.</p>
      ${this.trouble ? html`<p class="told" role="alert">${this.trouble.message}</p>` : nothing}
      ${session.providers ? html`<p><button class="first" @click=${() => this.ask(signIn)}>Sign in</button></p>`
        : html`<p>You are not signed in. Open the link that <code>make serve</code> printed for your tenant, or paste a token:</p>
          <form @submit=${this.#paste}><input name="token" required autocomplete="off" aria-label="token"><button class="first">Open</button></form>`}
    </div>`;
  }
}
define("sign-in", SignIn);
