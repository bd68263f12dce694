import type { Clock, Timer } from '../clock.ts';
import type { Scheduler } from '../scheduler.ts';

/**
 * Time and turns of one simulated process, over those of the simulation: it can be frozen for a while, as a stopped
 * process or a long garbage collection is, and halted for good, as a crash does.
 */
export class NodeExecution implements Clock, Scheduler {
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #held: (() => void)[] = [];
  #pausedUntilMs = 0;
  #halted = false;

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock;
    this.#scheduler = scheduler;
  }

  /** Does it stand still at this moment? */
  get isPaused(): boolean {
    return this.#pausedUntilMs > this.#clock.now();
  }

  /** When it runs again, or ran again last; clock milliseconds. */
  get resumedAtMs(): number {
    return this.#pausedUntilMs;
  }

  now(): number {
    return this.#clock.now();
  }

  wallNow(): number {
    return this.#clock.wallNow();
  }

  /** A timer that falls due in a pause fires at its end. */
  setTimer(delayMs: number, callback: () => void): Timer {
    let timer: Timer;
    const fire = () => {
      if (this.#halted) return;
      if (this.isPaused) timer = this.#clock.setTimer(this.#pausedUntilMs - this.#clock.now(), fire);
      else callback();
    };
    timer = this.#clock.setTimer(delayMs, fire);
    return { cancel: () => timer.cancel() };
  }

  schedule(task: () => void): void {
    if (this.#halted) return;
    if (this.isPaused) this.#held.push(task);
    else
      this.#scheduler.schedule(() => {
        if (!this.#halted) task();
      });
  }

  /** Nothing of this process runs for `ms`; what arrives meanwhile waits for it. */
  pause(ms: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#clock.now() + ms);
    this.#clock.setTimer(this.#pausedUntilMs - this.#clock.now(), () => {
      if (this.isPaused) return;
      for (const task of this.#held.splice(0)) this.schedule(task);
    });
  }

  /** Nothing of this process ever runs again. */
  halt(): void {
    this.#halted = true;
    this.#held.length = 0;
  }
}
