import type { Clock, Timer } from '../clock.ts';
import { Deadlines } from '../clock/deadlines.ts';
import type { DeadlineList } from '../clock/deadline-list.ts';
import type { Expiring } from '../clock/expiring.ts';
import { RequestTimeoutError, StoreUnavailableError } from '../errors.ts';
import type { AppendOutcome, Expectation, Log, LogRecord, NewRecord } from '../storage/log/log.ts';

/** What `EchoAppends` works with. */
export interface EchoAppendsOptions {
  readonly log: Pick<Log, 'send'>;
  readonly logName: string;
  readonly clock: Clock;
}

/** How long an append waits for its echo. Then its outcome is unknown, and has to be looked for. */
const echoTimeoutMs = 1_000;
/** After an append that had no echo, answers are asked for during this time: a store that refuses says why. */
const distrustMs = 5_000;
/** What waits is sent as soon as it is this share of what is in flight, or after `longestHoldMs`. */
const groupShare = 0.5;
const longestHoldMs = 2;

/**
 * Appends whose answer is the record itself, on the feed that this node follows anyway: the server sends, and this node
 * reads, one message for each write instead of two. They must assert the newest sequence of their own subject. Each
 * subject has one at a time.
 *
 * The feed is in the order of acceptance. So the next record of the subject is either that of the append, or it proves
 * that the append is not accepted and never will be. That holds only while the feed is read without a gap: a record
 * that was replaced by the next one is in no page. Every other case is left open as `unanswered`.
 */
export class EchoAppends {
  readonly #options: EchoAppendsOptions;
  readonly #deadlines: Deadlines;
  /** By subject: what is in flight, and what waits to be sent. */
  readonly #pending = new Map<string, EchoAppend>();
  #inFlight = 0;
  #waiting: EchoAppend[] = [];
  #timer: Timer | undefined;
  #distrustedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: EchoAppendsOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.clock);
  }

  /** Whether an echo is to be expected. */
  get isUsable(): boolean {
    return this.#options.clock.now() >= this.#distrustedUntilMs;
  }

  /** One attempt, as `Log.append`. */
  append(record: NewRecord & { readonly messageId: string }, expect: Expectation): Promise<AppendOutcome> {
    return new Promise((resolve) => {
      const append = new EchoAppend(record, expect, (outcome) => this.#end(append, outcome, resolve));
      this.#pending.set(record.subject, append);
      this.#waiting.push(append);
      if (this.#isGroup()) this.#sendWaiting();
      else this.#timer ??= this.#options.clock.setTimer(longestHoldMs, () => this.#sendWaiting());
    });
  }

  /** A record was announced, right after the one before it. */
  saw(record: LogRecord): void {
    const append = this.#pending.get(record.subject);
    // An echo of what the append has seen, which came late.
    if (append === undefined || record.sequence <= append.expect.sequence) return;
    append.end(
      record.messageId === append.record.messageId
        ? { kind: 'appended', sequence: record.sequence, isDuplicate: false }
        : { kind: 'wrong-sequence', actual: record.sequence },
    );
    if (this.#waiting.length > 0 && this.#isGroup()) this.#sendWaiting();
  }

  /** Announcements are missing: what is in flight may have been among them. */
  lose(cause: unknown): void {
    for (const append of this.#pending.values())
      append.end(append.isSent ? { kind: 'unanswered', cause } : notSent(this.#options.logName));
  }

  #end(append: EchoAppend, outcome: AppendOutcome, resolve: (outcome: AppendOutcome) => void): void {
    this.#pending.delete(append.record.subject);
    if (append.isSent) this.#inFlight--;
    append.isEnded = true;
    if (outcome.kind === 'unanswered') this.#distrustedUntilMs = this.#options.clock.now() + distrustMs;
    resolve(outcome);
  }

  #isGroup(): boolean {
    return this.#waiting.length >= this.#inFlight * groupShare;
  }

  /** Sends what waits, so that it shares one write to the socket. */
  #sendWaiting(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { log, logName } = this.#options;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const append of waiting) {
      // A record that came while it waited has refused it.
      if (append.isEnded) continue;
      const { record, expect } = append;
      append.isSent = true;
      this.#inFlight++;
      this.#deadlines.add(append, echoTimeoutMs);
      if (!log.send(logName, record, expect)) append.end(notSent(logName));
    }
  }
}

class EchoAppend implements Expiring {
  deadline = 0;
  previous: Expiring | undefined = undefined;
  next: Expiring | undefined = undefined;
  list: DeadlineList | undefined = undefined;
  readonly record: NewRecord & { readonly messageId: string };
  readonly expect: Expectation;
  isSent = false;
  isEnded = false;
  readonly #resolve: (outcome: AppendOutcome) => void;

  constructor(
    record: NewRecord & { readonly messageId: string },
    expect: Expectation,
    resolve: (outcome: AppendOutcome) => void,
  ) {
    this.record = record;
    this.expect = expect;
    this.#resolve = resolve;
  }

  end(outcome: AppendOutcome): void {
    this.list?.remove(this);
    this.#resolve(outcome);
  }

  expire(): void {
    this.#resolve({
      kind: 'unanswered',
      cause: new RequestTimeoutError(this.record.subject, echoTimeoutMs),
    });
  }
}

function notSent(log: string): AppendOutcome {
  return {
    kind: 'refused',
    trouble: 'store-unavailable',
    isTransient: true,
    cause: new StoreUnavailableError(log),
  };
}
