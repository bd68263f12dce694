import type { Clock, Logger, Timer } from '@drover/actor-core';

const intervalMs = 5_000;

/** A request that was refused because every queue is full. */
export interface FullQueue {
  readonly requestId: string;
  readonly model: string;
  readonly message: string;
  readonly retryAfterMs: number;
}

/**
 * Logs requests that were refused because every queue is full: the first one at once, then one line per interval with
 * the number of refusals, so that thousands of refusals do not write thousands of lines.
 */
export class RefusalLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  #timer: Timer | undefined;
  #count = 0;
  #last: FullQueue | undefined;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  note(refused: FullQueue): void {
    if (this.#timer === undefined) {
      this.#log.warn({ ...refused, refusals: 1 }, `request refused: ${refused.message}`);
      this.#arm();
      return;
    }
    this.#count += 1;
    this.#last = refused;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#flush();
  }

  #arm(): void {
    this.#timer = this.#clock.setTimer(intervalMs, () => {
      this.#timer = undefined;
      if (this.#count === 0) return;
      this.#flush();
      this.#arm();
    });
  }

  #flush(): void {
    if (this.#count === 0 || this.#last === undefined) return;
    const fields = { ...this.#last, refusals: this.#count };
    this.#log.warn(
      fields,
      `${this.#count} more requests were refused within ${intervalMs / 1_000} s, the last one because ${this.#last.message}`,
    );
    this.#count = 0;
    this.#last = undefined;
  }
}
