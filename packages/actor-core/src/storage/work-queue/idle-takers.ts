import type { Clock, Timer } from '../../clock.ts';

/** How often one idle taker looks although nothing was announced: the end of a lease is not announced. */
const lookAgainMs = 1_000;

interface Taker {
  readonly resolve: (isWoken: boolean) => void;
  readonly timer: Timer;
}

/**
 * The takers of one process that found no task, in the order of their arrival. One announcement wakes one taker, which
 * wakes the next one if it finds a task. In this way many takers do not ask for one task.
 */
export class IdleTakers {
  readonly #clock: Clock;
  readonly #takers = new Set<Taker>();
  #lookAgain: Timer | undefined = undefined;
  /** A task was announced while no taker waited. The next taker may have looked before it, and looks again. */
  #isAnnounced = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits to be woken. False when the time is over. */
  wait(ms: number): Promise<boolean> {
    if (this.#isAnnounced) {
      this.#isAnnounced = false;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(ms, () => {
        this.#takers.delete(taker);
        resolve(false);
      });
      const taker: Taker = { resolve, timer };
      this.#takers.add(taker);
      this.#scheduleLook();
    });
  }

  /** Wakes the taker that has waited longest. */
  wake(): void {
    const taker = this.#takers.values().next().value;
    if (taker === undefined) {
      this.#isAnnounced = true;
      return;
    }
    this.#takers.delete(taker);
    taker.timer.cancel();
    taker.resolve(true);
  }

  /** Ends the wait of all takers. */
  close(): void {
    this.#lookAgain?.cancel();
    for (const { timer, resolve } of this.#takers) {
      timer.cancel();
      resolve(false);
    }
    this.#takers.clear();
  }

  #scheduleLook(): void {
    this.#lookAgain ??= this.#clock.setTimer(lookAgainMs, () => {
      this.#lookAgain = undefined;
      if (this.#takers.size === 0) return;
      this.wake();
      if (this.#takers.size > 0) this.#scheduleLook();
    });
  }
}
