/**
 * Limits how many operations are in flight. The rest of a burst waits here, in order, and not at the server, where
 * every attempt would exceed its timeout.
 */
export class InFlightLimit {
  readonly #max: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;

  constructor(max: number, maxWaiting: number) {
    this.#max = max;
    this.#maxWaiting = maxWaiting;
  }

  /** Runs the work when its turn comes. Undefined if too many operations wait already. */
  async run<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#inFlight < this.#max) this.#inFlight++;
    else if (this.#waiting.length >= this.#maxWaiting) return undefined;
    // An operation that ends passes its place on, so the count stays the same.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inFlight--;
      else next();
    }
  }
}
