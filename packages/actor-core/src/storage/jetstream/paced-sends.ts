import type { Clock, Timer } from '../../clock.ts';

/** What waits is sent as soon as it is this share of what is in flight. */
const groupShare = 0.5;
/** Longest time that an operation waits for others to be sent with. */
const longestHoldMs = 2;

/**
 * Limits how many operations are in flight, and starts those that wait in groups: several messages then share one
 * write to the socket, and client and server work at the same time, each on another group (decision 0046). An operation
 * is started at once while few are in flight, so that one after the other loses nothing. What exceeds the limit waits
 * here, in order, and not at the server, where every attempt would exceed its timeout.
 */
export class PacedSends {
  readonly #max: number;
  readonly #maxWaiting: number;
  readonly #clock: Pick<Clock, 'setTimer'>;
  #waiting: (() => void)[] = [];
  #inFlight = 0;
  #timer: Timer | undefined;

  constructor(max: number, maxWaiting: number, clock: Pick<Clock, 'setTimer'>) {
    this.#max = max;
    this.#maxWaiting = maxWaiting;
    this.#clock = clock;
  }

  /** Runs the work when its turn comes. Undefined if too many operations wait already. */
  async run<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#waiting.length >= this.#maxWaiting) return undefined;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      if (this.#isGroup()) this.#startWaiting();
      else this.#timer ??= this.#clock.setTimer(longestHoldMs, () => this.#startWaiting());
    });
    try {
      return await work();
    } finally {
      this.#inFlight--;
      if (this.#waiting.length > 0 && this.#isGroup()) this.#startWaiting();
    }
  }

  #isGroup(): boolean {
    return this.#waiting.length >= this.#inFlight * groupShare;
  }

  #startWaiting(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const count = Math.min(this.#waiting.length, this.#max - this.#inFlight);
    if (count <= 0) return;
    const started = this.#waiting;
    this.#waiting = started.splice(count);
    this.#inFlight += count;
    for (const start of started) start();
  }
}
