import type { Clock } from '../../clock.ts';
import type { Log } from '../../storage/log/log.ts';

/** How long an answer of the server is extrapolated. Two clocks drift apart by some ms in this time. */
const freshMs = 30_000;

/**
 * The wall clock of the server that leads a log. Timers mean this clock: those of the nodes may be wrong by days, and a
 * timer may be set on one node and fire on another.
 */
export class ServerClock {
  readonly #log: Log;
  readonly #name: string;
  readonly #clock: Clock;
  #answer: { readonly serverMs: number; readonly atMs: number } | undefined = undefined;

  constructor(log: Log, name: string, clock: Clock) {
    this.#log = log;
    this.#name = name;
    this.#clock = clock;
  }

  /** Asks the server. The instant has passed when the answer arrives. @throws StoreUnavailableError */
  async ask(): Promise<number> {
    const { answeredAtMs: serverMs } = await this.#log.info(this.#name);
    this.#answer = { serverMs, atMs: this.#clock.now() };
    return serverMs;
  }

  /** As `ask`, out of the last answer while that is fresh. */
  async now(): Promise<number> {
    if (this.#answer !== undefined && this.#clock.now() - this.#answer.atMs < freshMs) return this.estimate();
    return this.ask();
  }

  /** Out of the last answer, however old. Without an answer: 0. */
  estimate(): number {
    return this.#answer === undefined ? 0 : this.#answer.serverMs + this.#clock.now() - this.#answer.atMs;
  }
}
