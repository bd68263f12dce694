import type { Clock, Timer } from '../clock.ts';
import type { Scheduler } from '../scheduler.ts';

/** How the clocks of a simulated process differ from the time of the simulation. */
export interface ClockSkew {
  /** Milliseconds of the process per millisecond of the simulation. @default 1 */
  readonly rate?: number;
  /** How much the wall clock is ahead. @default 0 */
  readonly wallOffsetMs?: number;
}

/**
 * Clock and scheduler of one simulated process, on top of those of the simulation. The process can be paused, as by a
 * stop signal or a long garbage collection, and halted for good, as by a crash. Its clocks may run at another speed,
 * and its wall clock may jump.
 */
export class NodeExecution implements Clock, Scheduler {
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #held: (() => void)[] = [];
  #pausedUntilMs = 0;
  #pausedSinceMs = 0;
  #stoppedUntilMs = 0;
  #halted = false;
  readonly #rate: number;
  #wallOffsetMs: number;
  /** Due time of the last timer: rounding must not show a callback an instant before it. */
  #reachedMs = 0;
  #pauses = 0;

  constructor(clock: Clock, scheduler: Scheduler, skew: ClockSkew = {}) {
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#rate = skew.rate ?? 1;
    this.#wallOffsetMs = skew.wallOffsetMs ?? 0;
  }

  /** Whether the process is paused now. */
  get isPaused(): boolean {
    return this.#pausedUntilMs > this.#clock.now();
  }

  /** Whether the whole process stands still now, all its threads. */
  get isStopped(): boolean {
    return this.#halted || this.#stoppedUntilMs > this.#clock.now();
  }

  /** For how long the main loop has been blocked while other threads of the process run; milliseconds. */
  get stalledForMs(): number {
    return this.isPaused ? this.#clock.now() - this.#pausedSinceMs : 0;
  }

  /** End of the current or the last pause; milliseconds of the simulation. */
  get resumedAtMs(): number {
    return this.#pausedUntilMs;
  }

  now(): number {
    return Math.max(this.#clock.now() * this.#rate, this.#reachedMs);
  }

  wallNow(): number {
    return this.#clock.wallNow() + this.#wallOffsetMs + this.#clock.now() * (this.#rate - 1);
  }

  /** Steps the wall clock, as an operator or a time server does. */
  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** A timer that becomes due during a pause fires at its end. */
  setTimer(delayMs: number, callback: () => void): Timer {
    let timer: Timer;
    const dueMs = this.now() + Math.max(0, delayMs);
    const fire = () => {
      if (this.#halted) return;
      if (this.isPaused) timer = this.#clock.setTimer(this.#pausedUntilMs - this.#clock.now(), fire);
      else {
        this.#reachedMs = Math.max(this.#reachedMs, dueMs);
        callback();
      }
    };
    timer = this.#clock.setTimer(dueMs / this.#rate - this.#clock.now(), fire);
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
    this.#stoppedUntilMs = Math.max(this.#stoppedUntilMs, this.#clock.now() + ms);
    this.stall(ms);
  }

  /** Blocks the main loop for `ms`, as a long computation does; other threads of the process run. */
  stall(ms: number): void {
    if (!this.isPaused) this.#pausedSinceMs = this.#clock.now();
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#clock.now() + ms);
    const resume = () => {
      if (this.isPaused) return;
      for (const task of this.#held.splice(0)) this.schedule(task);
    };
    // After every second pause the timers that are due run before the messages that wait, as in Node.
    const isTimersFirst = ++this.#pauses % 2 === 0;
    this.#clock.setTimer(this.#pausedUntilMs - this.#clock.now(), () =>
      isTimersFirst ? void this.#clock.setTimer(0, resume) : resume(),
    );
  }

  /** Ends the process: none of its code runs again. */
  halt(): void {
    this.#halted = true;
    this.#held.length = 0;
  }
}
