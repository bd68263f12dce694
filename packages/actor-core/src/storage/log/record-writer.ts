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

/** One write on its way. */
export interface Writing {
  readonly log: string;
  /** The record that is searched. Of a batch it is the last one, because a batch is accepted as a whole. */
  readonly record: NewRecord & { readonly messageId: string };
  readonly expect: Expectation | undefined;
  /** All records of a batch. */
  readonly batch: readonly BatchRecord[] | undefined;
  readonly known: KnownLog;
  /** By when it is finished. */
  readonly deadline: number;
  /** The record of the write has a higher sequence than this, in the log that `known` identifies. */
  floor: number;
}

type Failure = Pick<Extract<WriteStep, { do: 'fail' }>, 'trouble' | 'cause' | 'isRefused'>;

/** What this process knows of a log. */
interface KnownLog {
  /** Identity of the log in which `sequence` counts. */
  created: string | undefined;
  /** Highest sequence that is known to be accepted. */
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
   * @throws StoreUnavailableError the outcome is unknown, or the store refuses writes (see its code)
   * @throws MessageTooLargeError nothing was written
   */
  async write(log: string, record: NewRecord, expect?: Expectation): Promise<WriteOutcome> {
    const deadline = this.#clock.now() + this.#operationTimeoutMs;
    const known = this.#logs.get(log) ?? (await this.#knownLog(log));
    const writing = this.#writing(known, log, record, expect, deadline);
    return this.finish(writing, await this.#attempt(writing));
  }

  /** Writes all records or none; the sequence is that of the last one. @throws as `write`; as `Log.appendBatch` */
  async writeBatch(log: string, records: readonly BatchRecord[]): Promise<WriteOutcome> {
    const deadline = this.#clock.now() + this.#operationTimeoutMs;
    const known = this.#logs.get(log) ?? (await this.#knownLog(log));
    // Every expected sequence was accepted earlier than this write. The highest one shortens a search most.
    let expect: Expectation | undefined;
    for (const { expect: one } of records)
      if (one !== undefined && one.sequence >= (expect?.sequence ?? 0)) expect = one;
    const last = records.at(-1);
    if (last === undefined) {
      await this.#log.appendBatch(log, records);
      return { kind: 'rejected', actual: undefined };
    }
    // One guard holds for the whole batch, and its last record shows whether it was accepted.
    const isGuarded = records.some((record) => record.isGuarded === true);
    const writing = this.#writing(known, log, { ...last, isGuarded }, expect, deadline);
    const others = records
      .slice(0, -1)
      .map((record) => (isGuarded ? record : { ...record, messageId: record.messageId ?? this.#nextId() }));
    const own = last.expect === undefined ? writing.record : { ...writing.record, expect: last.expect };
    const batch: Writing = { ...writing, batch: [...others, own] };
    return this.finish(batch, await this.#attempt(batch));
  }

  /**
   * Begins to write one record, whose first attempt the caller makes. Its outcome goes to `confirm` if it was accepted,
   * else to `finish`. Undefined before the log was reached once.
   */
  begin(log: string, record: NewRecord, expect: Expectation): Writing | undefined {
    const known = this.#logs.get(log);
    if (known === undefined) return undefined;
    return this.#writing(known, log, record, expect, this.#clock.now() + this.#operationTimeoutMs);
  }

  /** The first attempt was accepted. */
  confirm({ known }: Writing, sequence: number): void {
    known.sequence = Math.max(known.sequence, sequence);
  }

  /** What becomes of a write after its first attempt. @throws as `write` */
  async finish(writing: Writing, outcome: AppendOutcome): Promise<WriteOutcome> {
    const { deadline } = writing;
    let step = decideAfterAttempt(beginWrite(writing.expect), outcome);
    for (;;) {
      switch (step.do) {
        case 'finish':
          return finish(writing.known, step.outcome);
        case 'fail':
          throw failureOf(writing.log, step);
        case 'repeat':
          await this.#pause(writing, step.state, deadline);
          step = decideAfterAttempt(step.state, await this.#attempt(writing));
          break;
        case 'look':
          step = await this.#look(writing, step.state, deadline);
          break;
      }
    }
  }

  /** Asks for the identity of a log, so that the first write need not. Does nothing if the log cannot be reached. */
  async prepare(log: string): Promise<void> {
    await this.#knownLog(log);
  }

  #nextId(): string {
    return `${this.#idPrefix}${(++this.#writes).toString(36)}`;
  }

  #writing(
    known: KnownLog,
    log: string,
    record: NewRecord,
    expect: Expectation | undefined,
    deadline: number,
  ): Writing {
    const own = { ...record, messageId: record.messageId ?? this.#nextId() };
    const floor = Math.max(known.sequence, expect?.sequence ?? 0);
    return { log, record: own, expect, batch: undefined, known, deadline, floor };
  }

  #attempt({ log, record, expect, batch }: Writing): Promise<AppendOutcome> {
    return batch === undefined ? this.#log.append(log, record, expect) : this.#log.appendBatch(log, batch);
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

  async #look(writing: Writing, state: WriteState, deadline: number): Promise<WriteStep> {
    for (;;) {
      let cause: unknown;
      try {
        const evidence = await this.#evidence(writing, state);
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
  async #evidence(writing: Writing, { last }: WriteState): Promise<Evidence> {
    const { log, record, known } = writing;
    const { spec, created, lastSequence } = await this.#log.info(log);
    // Sequences of a lost log do not apply to the one that replaced it.
    if (known.created !== undefined && created !== known.created) {
      Object.assign(known, { created, sequence: 0 });
      writing.floor = spec.firstSequence - 1;
    }
    const from = writing.floor + 1;
    const page = await this.#log.readForward(log, { from, filter: record.subject, limit: lookLimit });
    // An own record is older than the one that refused its repetition. After the loss of a server, one that lags behind
    // may answer reads as the leader for some seconds, without either of them.
    const atLeast = last?.kind === 'wrong-sequence' ? (last.actual ?? Infinity) : 0;
    const isLagging = lastSequence < writing.floor || (page.isEnd && page.next <= atLeast);
    if (isLagging) throw new StoreUnavailableError(log);
    return evidenceOf({
      messageId: record.messageId,
      younger: page.records,
      isComplete: page.isEnd,
      historyPerSubject: spec.historyPerSubject,
      mayVanish: record.ttlMs !== undefined && record.ttlMs <= this.#operationTimeoutMs,
    });
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
