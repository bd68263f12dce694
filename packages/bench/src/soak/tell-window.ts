/** Number of tells after which the receiver sends a confirmation. */
const ackEvery = 16;
const window = 256;

/** Limits the number of tells in transit, because a tell has no answer that slows the sender down. */
export class TellWindow {
  sent = 0;
  #known = 0;
  readonly #waiting: (() => void)[] = [];

  /** Counts one tell. True when the receiver must confirm it. */
  next(): boolean {
    return ++this.sent % ackEvery === 0;
  }

  handled(count: number): void {
    this.#known = Math.max(this.#known, count);
    while (this.#isOpen && this.#waiting.length > 0) this.#waiting.shift()?.();
  }

  /** Resolves when another tell may be sent. */
  async room(): Promise<void> {
    while (!this.#isOpen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  get #isOpen(): boolean {
    return this.sent - this.#known < window;
  }
}
