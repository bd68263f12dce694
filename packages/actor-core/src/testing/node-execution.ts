import type { Clock, Timer } from '../clock.ts';
import type { Scheduler } from '../scheduler.ts';

/**
 * Clock and scheduler of one simulated process, on top of those of the simulation. The process can be paused, as by a
 * stop signal or a long garbage collection, and halted for good, as by a crash.
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

  /** Whether the process is paused now. */
  get isPaused(): boolean {
    return this.#pausedUntilMs > this.#clock.now();
  }

  /** End of the current or the last pause; clock milliseconds. */
  get resumedAtMs(): number {
    return this.#pausedUntilMs;
  }

  now(): number {
    return this.#clock.now();
  }

  wallNow(): number {
    return this.#clock.wallNow();
  }

  /** A timer that becomes due during a pause fires at its end. */
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

  /** Stops all code of this process for `ms`; what arrives meanwhile waits. */
  pause(ms: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#clock.now() + ms);
    this.#clock.setTimer(this.#pausedUntilMs - this.#clock.now(), () => {
      if (this.isPaused) return;
      for (const task of this.#held.splice(0)) this.schedule(task);
    });
  }

  /** Ends the process: none of its code runs again. */
  halt(): void {
    this.#halted = true;
    this.#held.length = 0;
  }
}
