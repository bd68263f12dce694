import type { Clock, Timer } from '../../clock.ts';

/**
 * How often idle takers look although nothing was announced: the end of a lease is not announced. While a lease that
 * this process gave may end, and for a moment after it, they look at the shorter interval; otherwise each look without
 * a task doubles it, so that hundreds of empty queues cost little.
 */
const lookAgainMs = 1_000;
const longestLookMs = 8_000;

/** Ends the wait of one taker. */
type Taker = (isWoken: boolean) => void;

/**
 * The takers of one process that found no task, in the order of their arrival. One announcement wakes one taker, which
 * wakes the next one if it finds a task. In this way many takers do not ask for one task.
 */
export class IdleTakers {
  readonly #clock: Clock;
  readonly #takers = new Set<Taker>();
  #lookAgain: Timer | undefined = undefined;
  #lookMs = lookAgainMs;
  #leasedUntilMs = 0;
  /** A task was announced while no taker waited. The next taker may have looked before it, and looks again. */
  #isAnnounced = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits to be woken. False when the time is over or the signal is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted === true) return Promise.resolve(false);
    if (this.#isAnnounced) {
      this.#isAnnounced = false;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const taker: Taker = (isWoken) => {
        this.#takers.delete(taker);
        timer.cancel();
        signal?.removeEventListener('abort', leave);
        resolve(isWoken);
      };
      const leave = () => taker(false);
      const timer = this.#clock.setTimer(ms, leave);
      this.#takers.add(taker);
      signal?.addEventListener('abort', leave);
      this.#scheduleLook();
    });
  }

  /** Wakes the taker that has waited longest. */
  wake(): void {
    const taker = this.#takers.values().next().value;
    if (taker === undefined) this.#isAnnounced = true;
    else taker(true);
  }

  /** A task can become takable within that time without an announcement: its lease or its delay ends. */
  expectWithin(ms: number): void {
    this.#leasedUntilMs = Math.max(this.#leasedUntilMs, this.#clock.now() + ms + lookAgainMs);
    if (this.#lookMs === lookAgainMs) return;
    this.#lookMs = lookAgainMs;
    this.#lookAgain?.cancel();
    this.#lookAgain = undefined;
    if (this.#takers.size > 0) this.#scheduleLook();
  }

  /** Ends the wait of all takers. */
  close(): void {
    this.#lookAgain?.cancel();
    this.#lookAgain = undefined;
    for (const taker of this.#takers) taker(false);
  }

  #scheduleLook(): void {
    this.#lookAgain ??= this.#clock.setTimer(this.#lookMs, () => {
      this.#lookAgain = undefined;
      const isLeased = this.#clock.now() < this.#leasedUntilMs;
      this.#lookMs = isLeased ? lookAgainMs : Math.min(2 * this.#lookMs, longestLookMs);
      if (this.#takers.size === 0) return;
      this.wake();
      if (this.#takers.size > 0) this.#scheduleLook();
    });
  }
}
