import type { Clock } from '../../clock.ts';
import type { Log } from '../../storage/log/log.ts';

/** How long an answer of the server is extrapolated. Two clocks drift apart by some ms in this time. */
const freshMs = 30_000;

/** Longest way of an answer that is extrapolated: by this time a timer may be late. */
const longestWayMs = 500;

/** What the server's clock showed at some instant between the question and the answer. */
interface Answer {
  readonly serverMs: number;
  /** Instants of the own clock. */
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
}

/**
 * The wall clock of the server that leads a log. Timers mean this clock: those of the nodes may be wrong by days, and a
 * timer may be set on one node and fire on another.
 */
export class ServerClock {
  readonly #log: Log;
  readonly #name: string;
  readonly #clock: Clock;
  #answer: Answer | undefined = undefined;

  constructor(log: Log, name: string, clock: Clock) {
    this.#log = log;
    this.#name = name;
    this.#clock = clock;
  }

  /** Asks the server. The instant has passed when the answer arrives. @throws StoreUnavailableError */
  async ask(): Promise<number> {
    return (await this.#ask()).serverMs;
  }

  /**
   * The latest instant that the server's clock may show now: a timer that is counted from it does not fire too early,
   * however long the answer was on its way. Asks the server, unless the last answer is fresh and came quickly.
   *
   * @throws StoreUnavailableError
   */
  async latest(): Promise<number> {
    const last = this.#answer;
    const isUsable =
      last !== undefined &&
      this.#clock.now() - last.answeredAtMs < freshMs &&
      last.answeredAtMs - last.askedAtMs <= longestWayMs;
    const { serverMs, askedAtMs } = isUsable ? last : await this.#ask();
    return serverMs + this.#clock.now() - askedAtMs;
  }

  /** The earliest instant that the server's clock may show now, out of the last answer. Without an answer: 0. */
  earliest(): number {
    const last = this.#answer;
    return last === undefined ? 0 : last.serverMs + this.#clock.now() - last.answeredAtMs;
  }

  async #ask(): Promise<Answer> {
    const askedAtMs = this.#clock.now();
    const { answeredAtMs: serverMs } = await this.#log.info(this.#name);
    this.#answer = { serverMs, askedAtMs, answeredAtMs: this.#clock.now() };
    return this.#answer;
  }
}
