import type { Clock, Timer } from '../clock.ts';

/** Fires whenever it was not touched for `idleMs`. A touch only records the time and sets no timer. */
export class IdleTimer {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #onIdle: () => void;
  #touchedMs: number;
  #timer: Timer;

  constructor(clock: Clock, idleMs: number, onIdle: () => void) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
    this.#touchedMs = clock.now();
    this.#timer = clock.setTimer(idleMs, this.#look);
  }

  touch(): void {
    this.#touchedMs = this.#clock.now();
  }

  cancel(): void {
    this.#timer.cancel();
  }

  readonly #look = (): void => {
    const leftMs = this.#touchedMs + this.#idleMs - this.#clock.now();
    if (leftMs > 0) {
      this.#timer = this.#clock.setTimer(leftMs, this.#look);
      return;
    }
    this.touch();
    this.#timer = this.#clock.setTimer(this.#idleMs, this.#look);
    this.#onIdle();
  };
}
