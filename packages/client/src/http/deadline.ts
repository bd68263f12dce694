import { CallDeadlineError } from '../errors.ts';

/** A timer that aborts a request, together with the signal of the caller. */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #own = new AbortController();
  readonly #what: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #endsAtMs = 0;

  constructor(what: string, timeoutMs: number, caller: AbortSignal | undefined) {
    this.#what = what;
    this.signal = caller === undefined ? this.#own.signal : AbortSignal.any([caller, this.#own.signal]);
    this.restart(timeoutMs);
  }

  get leftMs(): number {
    return this.#endsAtMs - performance.now();
  }

  /** From now on the time is `timeoutMs`. */
  restart(timeoutMs: number): void {
    clearTimeout(this.#timer);
    this.#endsAtMs = performance.now() + timeoutMs;
    const abort = (): void => this.#own.abort(new CallDeadlineError(this.#what, timeoutMs));
    this.#timer = setTimeout(abort, timeoutMs);
  }

  /** The timer is over. The signal of the caller still counts. */
  clear(): void {
    clearTimeout(this.#timer);
  }

  /** Ends the request. */
  abort(): void {
    this.clear();
    this.#own.abort();
  }
}
