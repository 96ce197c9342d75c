// The keys of a list of cards: J and K walk, L and D judge, Z takes back; whatever was clicked before.
import { isTyping } from "./element.js";

export class CardCursor {
  constructor(host) {
    this.host = host;
    host.addController(this);
  }

  hostConnected() {
    document.addEventListener("keydown", this.#pressed);
  }

  hostDisconnected() {
    document.removeEventListener("keydown", this.#pressed);
  }

  #pressed = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    const act = {
      j: () => this.step(1),
      k: () => this.step(-1),
      l: () => this.#current?.thumbs.give("like"),
      d: () => this.#current?.thumbs.give("dislike"),
      z: () => this.host.effect && this.host.undo(),
    }[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  };

  get #cards() {
    return [...this.host.renderRoot.querySelectorAll("property-card")];
  }

  /** The card with the focus, or else the one that had it last or is open. */
  get #current() {
    const cards = this.#cards, name = this.at ?? this.host.opened;
    return cards.find((card) => card.shadowRoot?.activeElement) ?? cards.find((card) => card.item.property_id === name);
  }

  /** To the next card, or the one before; 0: to whichever takes the place of one that leaves. */
  step(by) {
    const cards = this.#cards, place = cards.indexOf(this.#current);
    const next = by ? cards[Math.min(cards.length - 1, Math.max(0, place + by))] : (cards[place + 1] ?? cards[place - 1]);
    if (next) this.focus(next.item.property_id);
  }

  async focus(name) {
    this.at = name;
    await this.host.updateComplete;
    const card = this.#cards.find((one) => one.item.property_id === name);
    card?.focus();
    card?.scrollIntoView({ block: "nearest" });
  }
}
