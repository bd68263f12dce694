import type { Clock } from '../clock.ts';
import { InvalidArgumentError, MessageTooLargeError, StoreUnavailableError } from '../errors.ts';
import type { BatchRecord, Log } from '../storage/log/log.ts';
import type { RecordWriter } from '../storage/log/record-writer.ts';
import { CommitPace } from './commit-pace.ts';
import {
  decideFenced,
  expectationOf,
  type Fence,
  type FencedOutcome,
  fenceBatch,
  requireOutsideFence,
} from './fence.ts';
import { isPlain, nextCommit, sequencesOf, type Transaction } from './group-commit.ts';

/** What a `FencedWriter` works with, and how it commits. */
export interface FencedWriterOptions {
  readonly log: Log;
  readonly writer: RecordWriter;
  /**
   * `batch`: one commit in flight per fence; the writes that wait meanwhile form the next commit. Required with more
   * than one replica, where a second write in flight under the same fence is answered with "check in flight".
   * `pipeline`: plain writes in parallel. Faster on one replica with the default sync, where each batch costs about 8
   * ms (measured).
   *
   * @default 'batch'
   */
  readonly commit?: 'batch' | 'pipeline';
  /**
   * Measures commits in the mode `batch`: writes that wait are a batch only where that is faster than one after the
   * other. @default everything that waits is one batch
   */
  readonly clock?: Clock;
  /** Writes that wait or are in flight under one fence, at most. @default 10_000 */
  readonly maxWaiting?: number;
  /**
   * Subject of an empty record that only asserts the fence. Needed for writes in which every record has an expectation
   * of its own. The log needs to keep one record of this subject.
   */
  readonly assertionSubject?: string;
}

const defaultMaxWaiting = 10_000;
/** Plain writes in flight side by side. More only makes each slower (measured: nats.md 4d). */
const maxPipelined = 256;
const noPayload = new Uint8Array(0);

interface Waiting extends Transaction {
  readonly resolve: (outcome: FencedOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** The writes of one fence, in order. */
interface Backlog {
  readonly fence: Fence;
  waiting: Waiting[];
  inFlight: number;
  /** The outcome of every further write: a lost fence never holds again. */
  lost: FencedOutcome | undefined;
}

/** Writes records under fences. Writes that wait at the same time are committed together. */
export class FencedWriter {
  readonly #log: Log;
  readonly #writer: RecordWriter;
  readonly #commit: 'batch' | 'pipeline';
  readonly #maxWaiting: number;
  readonly #assertionSubject: string | undefined;
  readonly #clock: Clock | undefined;
  readonly #pace = new CommitPace();
  readonly #backlogs = new Map<string, Backlog>();

  constructor(options: FencedWriterOptions) {
    this.#log = options.log;
    this.#writer = options.writer;
    this.#commit = options.commit ?? 'batch';
    this.#maxWaiting = options.maxWaiting ?? defaultMaxWaiting;
    this.#assertionSubject = options.assertionSubject;
    this.#clock = options.clock;
  }

  /**
   * Writes all records or none, if the fence still holds at the moment of acceptance. Under one fence in the order of
   * the calls, in the mode `pipeline` except for repeated attempts. The sequence is that of the last record.
   *
   * @throws InvalidArgumentError for a record on the fence's own subject
   * @throws StoreUnavailableError the outcome is unknown
   * @throws MessageTooLargeError nothing was written
   */
  write(fence: Fence, ...records: readonly BatchRecord[]): Promise<FencedOutcome> {
    requireOutsideFence(fence, records);
    if (records.length === 0) throw new InvalidArgumentError('records', 'must hold at least one record');
    if (this.#assertionSubject === undefined && records.every(({ expect }) => expect !== undefined))
      throw new InvalidArgumentError(
        'records',
        'all have expectations of their own: name an assertion subject',
      );
    const backlog = this.#backlogOf(fence);
    if (backlog.lost !== undefined) return Promise.resolve(backlog.lost);
    if (backlog.waiting.length + backlog.inFlight >= this.#maxWaiting)
      return Promise.resolve({ kind: 'queue-full' });
    return new Promise((resolve, reject) => {
      backlog.waiting.push({ records, resolve, reject });
      this.#pump(backlog);
    });
  }

  /** Forgets a fence that is no longer used. Writes that wait under it go on. */
  release(fence: Fence): void {
    this.#backlogs.delete(keyOf(fence));
  }

  #backlogOf(fence: Fence): Backlog {
    const key = keyOf(fence);
    const known = this.#backlogs.get(key);
    if (known !== undefined) return known;
    const backlog: Backlog = { fence, waiting: [], inFlight: 0, lost: undefined };
    this.#backlogs.set(key, backlog);
    return backlog;
  }

  #pump(backlog: Backlog): void {
    if (this.#commit === 'pipeline') {
      while (backlog.waiting.length > 0 && backlog.inFlight < maxPipelined) this.#send(backlog, 1);
      return;
    }
    if (backlog.inFlight === 0 && backlog.waiting.length > 0)
      this.#send(backlog, this.#commitSize(backlog.waiting));
  }

  #commitSize(waiting: readonly Waiting[]): number {
    const count = nextCommit(waiting);
    const isMeasured = this.#clock !== undefined && count > 1;
    return isMeasured && isPlain(waiting[0] as Waiting) && !this.#pace.prefersBatch(count) ? 1 : count;
  }

  #send(backlog: Backlog, count: number): void {
    const group = backlog.waiting.splice(0, count);
    backlog.inFlight += group.length;
    void this.#commitAndGoOn(backlog, group);
  }

  async #commitAndGoOn(backlog: Backlog, group: readonly Waiting[]): Promise<void> {
    await this.#commitGroup(backlog, group);
    backlog.inFlight -= group.length;
    this.#pump(backlog);
  }

  /** Never rejects: each write of the group gets its own outcome. */
  async #commitGroup(backlog: Backlog, group: readonly Waiting[]): Promise<void> {
    if (backlog.lost !== undefined) {
      for (const waiting of group) waiting.resolve(backlog.lost);
      return;
    }
    try {
      const outcomes = await this.#outcomesOf(backlog, group);
      this.#writer.fencedOff += outcomes.filter(({ kind }) => kind === 'deposed').length;
      for (const [index, waiting] of group.entries()) waiting.resolve(outcomes[index] as FencedOutcome);
    } catch (error) {
      // One record is too large, so nothing was written. The other writes are tried alone.
      if (error instanceof MessageTooLargeError && group.length > 1)
        for (const waiting of group) await this.#commitGroup(backlog, [waiting]);
      else for (const waiting of group) waiting.reject(error);
    }
  }

  async #outcomesOf(backlog: Backlog, group: readonly Waiting[]): Promise<FencedOutcome[]> {
    const { fence } = backlog;
    const [first] = group;
    if (first === undefined) return [];
    const startedAtMs = this.#clock?.now() ?? 0;
    if (group.length === 1 && isPlain(first)) {
      const record = first.records[0] as BatchRecord;
      const outcome = await this.#writer.write(fence.log, record, expectationOf(fence));
      if (outcome.kind === 'written') this.#pace.notePlain(this.#since(startedAtMs));
      return [this.#note(backlog, decideFenced(fence, outcome))];
    }
    const records = group.flatMap((transaction) => transaction.records);
    const outcome = await this.#writer.writeBatch(fence.log, fenceBatch(fence, records, this.#assertion()));
    if (outcome.kind === 'written') {
      this.#pace.noteBatch(this.#since(startedAtMs));
      return sequencesOf(group, outcome.sequence).map((sequence) => ({ kind: 'written', sequence }));
    }
    // Nothing but the fence was asserted. A read that lags behind would show the fence as held.
    if (records.every((record) => record.expect === undefined)) {
      const lost = this.#note(backlog, decideFenced(fence, outcome));
      return group.map(() => lost);
    }
    return this.#explain(backlog, group);
  }

  /** A batch was rejected: for the fence, or for an expectation of one of its transactions. */
  async #explain(backlog: Backlog, group: readonly Waiting[]): Promise<FencedOutcome[]> {
    const { fence } = backlog;
    const newest = (await this.#log.readLast(fence.log, fence.subject))?.sequence ?? 0;
    if (newest > fence.sequence) {
      const deposed = this.#note(backlog, { kind: 'deposed', newest });
      return group.map(() => deposed);
    }
    // A read that lags behind, or a log that lost the fence record: the outcome is unknown.
    if (newest < fence.sequence) throw new StoreUnavailableError(fence.log);
    if (group.length === 1) return [{ kind: 'conflict' }];
    const outcomes: FencedOutcome[] = [];
    for (const waiting of group)
      outcomes.push(backlog.lost ?? ((await this.#outcomesOf(backlog, [waiting]))[0] as FencedOutcome));
    return outcomes;
  }

  /** Sequences only grow: a fence that was lost once is lost for ever. */
  #note(backlog: Backlog, outcome: FencedOutcome): FencedOutcome {
    if (outcome.kind === 'deposed' || outcome.kind === 'rolled-back') backlog.lost = outcome;
    return outcome;
  }

  #since(startedAtMs: number): number {
    return (this.#clock?.now() ?? 0) - startedAtMs;
  }

  #assertion(): BatchRecord | undefined {
    return this.#assertionSubject === undefined
      ? undefined
      : { subject: this.#assertionSubject, payload: noPayload };
  }
}

function keyOf({ log, subject, sequence }: Fence): string {
  return `${log} ${subject} ${sequence}`;
}
