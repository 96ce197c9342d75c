// What every element looks like: the tokens, which a host may set by --twin-accent and its own color-scheme, and basics.
import { css } from "./vendor/vendor.js";

export const look = css`
  :host {
    --bg: light-dark(#f5f6f8, #0f1216);
    --surface: light-dark(#ffffff, #171b21);
    --raised: light-dark(#f0f2f5, #20262e);
    --line: light-dark(#e1e5ea, #2b323c);
    --edge: light-dark(#8a94a3, #6c7787);
    --ink: light-dark(#14181f, #e8ebf0);
    --soft: light-dark(#566070, #a0abba);
    --accent: var(--twin-accent, light-dark(#3451b2, #9fb4ff));
    --on-accent: light-dark(#ffffff, #10162b);
    --tint: light-dark(#eef2ff, #1e2741);
    --good: light-dark(#0b7a55, #5fd3a8);
    --bad: light-dark(#b23a22, #ff9d85);
    --warn: light-dark(#fff6df, #332a14);
    --round: 10px;
    display: block;
    color: var(--ink);
    font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
    font-variant-numeric: tabular-nums;
  }
  :host([hidden]) { display: none; }
  * { box-sizing: border-box; }
  h1, h2, h3, p, ul, ol, dl, dd, figure { margin: 0; padding: 0; }
  ul, ol { list-style: none; }
  h1 { overflow-wrap: anywhere; font-size: 1.4rem; line-height: 1.25; letter-spacing: -0.01em; font-weight: 650; }
  h2 { font-size: 1rem; font-weight: 650; }
  h3 { font-size: 0.86rem; font-weight: 600; color: var(--soft); }
  small, .soft { color: var(--soft); font-size: 0.86rem; }
  a { color: var(--accent); text-underline-offset: 2px; }
  button, input, select, textarea { font: inherit; color: inherit; }
  button, .button {
    display: inline-flex; align-items: center; gap: 0.4em; min-height: 34px; padding: 0 0.8em; cursor: pointer;
    border: 1px solid var(--line); border-radius: 8px; background: var(--surface); text-decoration: none; color: var(--ink);
  }
  button:hover:not(:disabled), .button:hover { border-color: var(--edge); background: var(--raised); }
  button:disabled { cursor: not-allowed; color: var(--soft); background: var(--raised); }
  button.first { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
  button.first:hover:not(:disabled) { background: var(--accent); border-color: var(--ink); }
  button.bare { border-color: transparent; background: none; padding: 0 0.5em; }
  input:not([type="checkbox"], [type="radio"], [type="range"]), select, textarea {
    min-height: 34px; padding: 0 0.6em; border: 1px solid var(--edge); border-radius: 8px; background: var(--surface);
  }
  input[type="checkbox"], input[type="radio"], input[type="range"] { accent-color: var(--accent); }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
  kbd {
    font: 0.72rem/1.5 ui-monospace, monospace; padding: 0 0.4em; border: 1px solid var(--line); border-radius: 4px;
    color: var(--soft); background: var(--surface);
  }
  .panel { background: var(--surface); border: 1px solid var(--line); border-radius: var(--round); padding: 1rem 1.15rem; }
  .row { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 0.75rem; }
  .apart { justify-content: space-between; }
  .stack { display: grid; gap: 0.85rem; align-content: start; }
  .number { text-align: right; white-space: nowrap; }
  .good { color: var(--good); }
  .bad { color: var(--bad); }
  .told { background: var(--warn); border: 1px solid var(--line); border-radius: var(--round); padding: 0.7rem 1rem; }
  .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  table { border-collapse: collapse; width: 100%; }
  th { text-align: left; font-weight: 600; color: var(--soft); font-size: 0.82rem; }
  th, td { padding: 0.4rem 0.6rem 0.4rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
  th.number { text-align: right; }
  tr:last-child > td { border-bottom: 0; }
  .wide { overflow-x: auto; }
  .wait { display: block; height: 5.2rem; border-radius: var(--round); background: var(--raised); animation: wait 1.4s infinite alternate; }
  @keyframes wait { to { opacity: 0.45; } }
  @media (prefers-reduced-motion: reduce) { *, *::before, *::after { animation: none !important; transition: none !important; } }
`;

/** The system's colours, dark or light, as this browser last chose; `twin-theme` tells what is drawn by hand. */
export const theme = {
  show(name) {
    document.documentElement.dataset.theme = name;
    dispatchEvent(new CustomEvent("twin-theme"));
  },
  restore: () => theme.show(localStorage.getItem("twin-theme") ?? ""),
  next() {
    const name = { "": "dark", dark: "light", light: "" }[document.documentElement.dataset.theme];
    localStorage.setItem("twin-theme", name);
    theme.show(name);
  },
};

/** Of the page around the screens. */
export const frame = css`
  header { position: sticky; top: 0; z-index: 5; background: var(--surface); border-bottom: 1px solid var(--line); }
  header > div, main, footer { max-width: 1440px; margin: 0 auto; padding: 0.6rem 1.25rem; }
  header > div { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1.1rem; }
  .brand { display: flex; align-items: center; gap: 0.55rem; font-weight: 650; }
  .brand img { width: 26px; height: 26px; }
  nav { display: flex; flex-wrap: wrap; gap: 0.15rem; }
  nav a { color: var(--soft); text-decoration: none; padding: 0.35rem 0.75rem; border-radius: 8px; font-weight: 550; }
  nav a:hover { color: var(--ink); background: var(--raised); }
  nav a[aria-current] { color: var(--accent); background: var(--tint); }
  .end { margin-left: auto; display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
  main { padding-block: 1.25rem 2rem; min-height: 70vh; }
  .beside { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.25rem; align-items: start; }
  .beside.open { grid-template-columns: minmax(0, 1fr) minmax(0, 30rem); }
  .news { margin-bottom: 1rem; }
  footer { color: var(--soft); font-size: 0.82rem; border-top: 1px solid var(--line); }
  .skip { position: absolute; left: -999px; } .skip:focus { left: 1rem; top: 0.5rem; background: var(--surface); padding: 0.5rem; }
  @media (max-width: 1100px) { .beside.open { grid-template-columns: minmax(0, 1fr); } }
  @media (max-width: 620px) {
    header { position: static; }
    header > div, main, footer { padding-inline: 0.8rem; }
    nav a { padding: 0.35rem 0.5rem; }
    .end { margin-left: 0; }
  }
`;
