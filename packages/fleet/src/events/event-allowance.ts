import type { Clock } from '@drover/actor-core';

/** Events that may come at once, and each second after that. */
export interface EventRate {
  readonly burst: number;
  readonly perSecond: number;
}

/** A fault that repeats without end must neither load the bus nor push everything else out of the stream. */
export class EventAllowance {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #rate: EventRate;
  #left: number;
  #countedAtMs: number;

  constructor(clock: Pick<Clock, 'now'>, rate: EventRate) {
    this.#clock = clock;
    this.#rate = rate;
    this.#left = rate.burst;
    this.#countedAtMs = clock.now();
  }

  /** False where too many came of late. */
  take(): boolean {
    const { burst, perSecond } = this.#rate;
    const nowMs = this.#clock.now();
    this.#left = Math.min(burst, this.#left + ((nowMs - this.#countedAtMs) / 1_000) * perSecond);
    this.#countedAtMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
