/** A sender of tells asks for word of every so many, and waits when more than the window are on their way. */
const ackEvery = 16;
const window = 256;

/** How many tells are on their way: nothing else bounds who only tells. */
export class TellWindow {
  sent = 0;
  #known = 0;
  readonly #waiting: (() => void)[] = [];

  /** Counts one more; true when its receiver is to say how many it has handled. */
  next(): boolean {
    return ++this.sent % ackEvery === 0;
  }

  handled(count: number): void {
    this.#known = Math.max(this.#known, count);
    while (this.#isOpen && this.#waiting.length > 0) this.#waiting.shift()?.();
  }

  /** Resolves once another one may go. */
  async room(): Promise<void> {
    while (!this.#isOpen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  get #isOpen(): boolean {
    return this.sent - this.#known < window;
  }
}
