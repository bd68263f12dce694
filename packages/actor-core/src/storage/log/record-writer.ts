import type { Clock } from '../../clock.ts';
import { RequestTimeoutError, StoreUnavailableError } from '../../errors.ts';
import type { Random } from '../../random.ts';
import {
  beginWrite,
  decideAfterAttempt,
  decideAfterLook,
  type Evidence,
  evidenceOf,
  type WriteOutcome,
  type WriteState,
  type WriteStep,
} from './decide-write.ts';
import type { AppendOutcome, BatchRecord, Expectation, Log, NewRecord } from './log.ts';

/** What a `RecordWriter` works with. */
export interface RecordWriterOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  /** How long one write may try, all attempts together. Well below the `dedupeMs` of the logs. @default 5_000 */
  readonly operationTimeoutMs?: number;
}

const defaultOperationTimeoutMs = 5_000;
const repeatMs = 10;
const repeatJitterMs = 40;
/** Most records of one subject that are searched for a write. With more newer records the outcome stays unknown. */
const lookLimit = 1_024;

/** One write on its way: the attempt that is repeated, and how its record is recognised. */
interface Writing {
  readonly log: string;
  /** The record that is searched. Of a batch it is the last one, because a batch is accepted as a whole. */
  readonly record: NewRecord & { readonly messageId: string };
  readonly expect: Expectation | undefined;
  /** `seen`: what a repetition asserts where the write asserts nothing. */
  readonly attempt: (seen?: Expectation) => Promise<AppendOutcome>;
  /** Whether the write asserts nothing, so that a repetition may assert what was seen. */
  readonly isPlain: boolean;
}

type Failure = Pick<Extract<WriteStep, { do: 'fail' }>, 'trouble' | 'cause' | 'isRefused'>;

/** What this process knows of a log. */
interface KnownLog {
  /** Identity of the log in which `sequence` counts. */
  created: string | undefined;
  /** Highest sequence that is known to be accepted. */
  sequence: number;
}

/** Every record of a write has a higher sequence than this, in the log that `known` identifies. */
interface Floor {
  readonly known: KnownLog;
  sequence: number;
}

/**
 * Writes records to a log and finds out what became of them. It repeats attempts where that is safe, and resolves
 * unknown outcomes by searching the record at the leader by its message id, which works after the server has forgotten
 * the id. An accepted write is never reported as rejected; an outcome that cannot be found out is reported as unknown.
 */
export class RecordWriter {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #operationTimeoutMs: number;
  /** Message ids are this prefix and a number: as unique as random ones, shorter, and cheaper to make. */
  readonly #idPrefix: string;
  #writes = 0;
  readonly #logs = new Map<string, KnownLog>();
  /** Writes that the log refused because a newer fence held. Counted by the fenced writers. */
  fencedOff: number = 0;
  /** Unknown outcomes that were resolved, by what was found. */
  readonly resolved: { found: number; absent: number; inconclusive: number } = {
    found: 0,
    absent: 0,
    inconclusive: 0,
  };

  constructor(options: RecordWriterOptions) {
    this.#log = options.log;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#idPrefix = options.random.id().slice(0, 12);
    this.#operationTimeoutMs = options.operationTimeoutMs ?? defaultOperationTimeoutMs;
  }

  /**
   * Writes one record.
   *
   * @param first makes the first attempt. @default `Log.append`
   * @throws StoreUnavailableError the outcome is unknown, or the store refuses writes (see its code)
   * @throws MessageTooLargeError nothing was written
   */
  write(
    log: string,
    record: NewRecord,
    expect?: Expectation,
    first?: (record: NewRecord & { readonly messageId: string }) => Promise<AppendOutcome>,
  ): Promise<WriteOutcome> {
    const own = { ...record, messageId: record.messageId ?? this.#nextId() };
    const attempt = (seen?: Expectation) => this.#log.append(log, own, expect ?? seen);
    const writing = { log, record: own, expect, attempt, isPlain: expect === undefined };
    return this.#write(writing, first && (() => first(own)));
  }

  /** Writes all records or none; the sequence is that of the last one. @throws as `write`; as `Log.appendBatch` */
  writeBatch(log: string, records: readonly BatchRecord[]): Promise<WriteOutcome> {
    const own = records.map((record) => ({ ...record, messageId: record.messageId ?? this.#nextId() }));
    const last = own.at(-1);
    const attempt = () => this.#log.appendBatch(log, own);
    if (last === undefined) return attempt().then(() => ({ kind: 'rejected', actual: undefined }));
    // Every expected sequence was accepted earlier than this write. The highest one shortens a search most.
    const expects = own.flatMap(({ expect }) => expect ?? []);
    const expect = expects.toSorted((a, b) => b.sequence - a.sequence)[0];
    return this.#write({ log, record: last, expect, attempt, isPlain: false });
  }

  /** Asks for the identity of a log, so that the first write need not. Does nothing if the log cannot be reached. */
  async prepare(log: string): Promise<void> {
    await this.#knownLog(log);
  }

  #nextId(): string {
    return `${this.#idPrefix}${(++this.#writes).toString(36)}`;
  }

  async #write(writing: Writing, first: Writing['attempt'] = writing.attempt): Promise<WriteOutcome> {
    const deadline = this.#clock.now() + this.#operationTimeoutMs;
    const known = this.#logs.get(writing.log) ?? (await this.#knownLog(writing.log));
    const floor: Floor = { known, sequence: Math.max(known.sequence, writing.expect?.sequence ?? 0) };
    let step = decideAfterAttempt(beginWrite(writing.expect), await first());
    for (;;) {
      switch (step.do) {
        case 'finish':
          return finish(known, step.outcome);
        case 'fail':
          throw failureOf(writing.log, step);
        case 'repeat':
          await this.#pause(writing, step.state, deadline);
          step = decideAfterAttempt(step.state, await writing.attempt(step.state.seen));
          break;
        case 'look':
          step = await this.#look(writing, step.state, floor, deadline);
          break;
      }
    }
  }

  async #knownLog(log: string): Promise<KnownLog> {
    const info = await this.#log.info(log).catch(() => undefined);
    const known = this.#logs.get(log) ?? { created: undefined, sequence: 0 };
    if (known.created === undefined && info !== undefined) {
      known.created = info.created;
      this.#logs.set(log, known);
    }
    return known;
  }

  async #look(writing: Writing, state: WriteState, floor: Floor, deadline: number): Promise<WriteStep> {
    for (;;) {
      let cause: unknown;
      try {
        const evidence = await this.#evidence(writing, state, floor);
        this.resolved[evidence.kind]++;
        return decideAfterLook(state, evidence);
      } catch (error) {
        if (error instanceof StoreUnavailableError && error.code !== 'store-unavailable') throw error;
        cause = error;
      }
      await this.#pause(writing, { ...state, last: { kind: 'unanswered', cause } }, deadline);
    }
  }

  /** @throws StoreUnavailableError a server answered that lags behind what is known to be accepted */
  async #evidence({ log, record, isPlain }: Writing, { last }: WriteState, floor: Floor): Promise<Evidence> {
    const { spec, created, lastSequence } = await this.#log.info(log);
    // Sequences of a lost log do not apply to the one that replaced it.
    const { known } = floor;
    if (known.created !== undefined && created !== known.created) {
      Object.assign(known, { created, sequence: 0 });
      floor.sequence = spec.firstSequence - 1;
    }
    const { historyPerSubject } = spec;
    // The one record of the subject, known or not, is what a repetition must find unchanged.
    const assertsSeen = isPlain && historyPerSubject === 1;
    const from = assertsSeen ? 1 : floor.sequence + 1;
    const page = await this.#log.readForward(log, { from, filter: record.subject, limit: lookLimit });
    // An own record is older than the one that refused its repetition. After the loss of a server, one that lags behind
    // may answer reads as the leader for some seconds, without either of them.
    const atLeast = last?.kind === 'wrong-sequence' ? (last.actual ?? Infinity) : 0;
    const isLagging = lastSequence < floor.sequence || (page.isEnd && page.next <= atLeast);
    if (isLagging) throw new StoreUnavailableError(log);
    const evidence = evidenceOf({
      messageId: record.messageId,
      younger: page.records.filter(({ sequence }) => sequence > floor.sequence),
      isComplete: page.isEnd,
      historyPerSubject,
      mayVanish: record.ttlMs !== undefined && record.ttlMs <= this.#operationTimeoutMs,
    });
    if (!assertsSeen || evidence.kind !== 'absent') return evidence;
    return { ...evidence, seen: { subject: record.subject, sequence: page.records.at(-1)?.sequence ?? 0 } };
  }

  /** @throws StoreUnavailableError once the deadline would pass */
  async #pause({ log }: Writing, state: WriteState, deadline: number): Promise<void> {
    const waitMs = repeatMs + repeatJitterMs * this.#random.next();
    if (this.#clock.now() + waitMs >= deadline) throw failureOf(log, givenUp(state));
    await new Promise<void>((resolve) => this.#clock.setTimer(waitMs, resolve));
  }
}

/** Why a write was not finished by its deadline. */
function givenUp({ last, isAbsent, mayBeAccepted }: WriteState): Failure {
  const cause = last !== undefined && 'cause' in last ? last.cause : undefined;
  // On a full disk, and after one, nats-server 2.15.1 answers reads and leaves writes unanswered (measured).
  const isSilent = isAbsent && cause instanceof RequestTimeoutError;
  const refused = last?.kind === 'refused' ? last.trouble : undefined;
  const trouble = refused ?? (isSilent ? 'store-full' : 'store-unavailable');
  return { trouble, cause, isRefused: !mayBeAccepted };
}

function failureOf(log: string, { trouble, cause, isRefused }: Failure): StoreUnavailableError {
  return new StoreUnavailableError(log, { cause, trouble, isRefused });
}

function finish(known: KnownLog, outcome: WriteOutcome): WriteOutcome {
  const sequence = outcome.kind === 'written' ? outcome.sequence : (outcome.actual ?? 0);
  known.sequence = Math.max(known.sequence, sequence);
  return outcome;
}
