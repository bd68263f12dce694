import type { Clock } from '../clock.ts';
import { StoreUnavailableError, WriteUnknownError } from '../errors.ts';
import type { Random } from '../random.ts';
import { keySubject } from '../storage/key-value/bucket-spec.ts';
import type { WriteOutcome } from '../storage/log/decide-write.ts';
import type { BatchRecord, NewRecord } from '../storage/log/log.ts';
import type { RecordWriter } from '../storage/log/record-writer.ts';
import type {
  Conflict,
  DecisionContext,
  KeyOperation,
  KeyWriteOutcome,
  PlannedRecord,
} from './decide-key-write.ts';
import { recordOf, writtenValue } from './key-records.ts';
import type { LargeValues, Upload } from './large-values.ts';
import type { MemoryBucket } from './memory-bucket.ts';
import { HotKeys } from './hot-keys.ts';
import type { KeyOwners } from './key-owners.ts';
import type { OwnerOutcome, OwnerRequest } from './owner-messages.ts';
import {
  type GroupOperation,
  type GroupPlan,
  planGroup,
  type PlannedStep,
  settleConflict,
  settleOutcome,
} from './plan-group.ts';
import { isMerged } from './policy.ts';
import { isElsewhere, revisionOf, type StoredValue } from './stored-value.ts';

/** What `KeyWriters` works with. */
export interface KeyWritersOptions {
  readonly bucket: MemoryBucket;
  readonly large: LargeValues;
  readonly writer: RecordWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly context: Omit<DecisionContext, 'basis'>;
  readonly owners: Pick<KeyOwners, 'ownerOf' | 'forward'>;
  /** `source`: the other node whose writer met the conflict; undefined for this node. */
  readonly onConflict: (
    key: string,
    conflict: Conflict,
    revision: number,
    source: string | undefined,
  ) => void;
}

interface Waiting extends GroupOperation {
  readonly resolve: (outcome: KeyWriteOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** A value, and whether it was current at a moment since the operations of the group began. */
interface Basis {
  readonly stored: StoredValue;
  readonly isProven: boolean;
}

/** Time that the attempts on one group may take. */
const patienceMs = 5_000;
const longestPauseMs = 50;
const maxDepth = 100_000;
const maxLoads = 8;
/** Operations, and bytes of their values, that one request to an owner has at most. */
const maxForwarded = 64;
const maxForwardedBytes = 256 * 1024;

/**
 * Changes of keys, each a compare-and-set at the newest record. Operations of this node on one key are committed in
 * groups, in their order, so that many writers of a hot key need few attempts. A group that loses against another node
 * is planned again on what that node wrote. Where that happens often, one node writes the key for all: its owner.
 */
export class KeyWriters {
  readonly #options: KeyWritersOptions;
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #hot = new HotKeys();
  /** Operations that wait or are under way. */
  #depth = 0;
  /** Attempts that lost against a concurrent write of another node. */
  lostAttempts = 0;

  constructor(options: KeyWritersOptions) {
    this.#options = options;
  }

  /**
   * Performs an operation.
   *
   * @throws WriteUnknownError it may have been performed
   * @throws StoreUnavailableError it was not performed: the bucket cannot be opened or read, or refuses writes
   * @throws MessageTooLargeError
   */
  perform(key: string, operation: KeyOperation): Promise<KeyWriteOutcome> {
    return this.#perform(key, { operation, source: undefined, basis: undefined });
  }

  /** Performs operations for another node that takes this one for the owner of the key. Never rejects. */
  performFor(source: string, { key, basis, operations }: OwnerRequest): Promise<readonly OwnerOutcome[]> {
    return Promise.all(
      operations.map((operation) =>
        this.#perform(key, { operation, source, basis }).then(
          (outcome): OwnerOutcome => ({ kind: 'done', outcome }),
          (error: unknown): OwnerOutcome => ({
            kind: error instanceof WriteUnknownError ? 'unknown' : 'not-done',
          }),
        ),
      ),
    );
  }

  /** Keys that other nodes or this one write for all. */
  get hotKeys(): number {
    return this.#hot.count(this.#options.clock.now());
  }

  #perform(key: string, operation: GroupOperation): Promise<KeyWriteOutcome> {
    if (this.#depth >= maxDepth)
      return Promise.reject(new StoreUnavailableError(this.#options.bucket.logName));
    this.#depth++;
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(key);
      if (waiting !== undefined) {
        waiting.push({ ...operation, resolve, reject });
        return;
      }
      const queue: Waiting[] = [{ ...operation, resolve, reject }];
      this.#waiting.set(key, queue);
      void this.#work(key, queue);
    });
  }

  async #work(key: string, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      try {
        await this.#performFirst(key, queue);
      } catch (error) {
        // The bucket cannot be read: whoever waits has waited for it too.
        for (const { reject } of this.#take(queue, queue.length)) reject(error);
      }
    }
    this.#waiting.delete(key);
  }

  #take(queue: Waiting[], count: number): Waiting[] {
    this.#depth -= count;
    return queue.splice(0, count);
  }

  /** Performs the first operations of the queue as one commit, here or at the owner, and removes them from it. */
  async #performFirst(key: string, queue: Waiting[]): Promise<void> {
    const { bucket, clock, random, context, owners } = this.#options;
    if (this.#hot.isHot(key, clock.now())) {
      const owner = owners.ownerOf(key);
      if (owner !== undefined && (await this.#forwardFirst(key, owner, queue))) return;
    }
    const deadline = clock.now() + patienceMs;
    const cached = bucket.cache.get(key);
    // A cached value is as good as one that was read: the commit asserts its sequence.
    let basis: Basis = { stored: cached ?? (await bucket.read(key)), isProven: false };
    const beganAt = revisionOf(basis.stored);
    for (let attempt = 0; ; attempt++) {
      if (isElsewhere(basis.stored)) basis = await this.#complete(key, basis);
      const plan = planGroup(basis.stored, queue, { ...context, basis: beganAt });
      if (plan.isRefusing && !basis.isProven) {
        basis = { stored: await bucket.fresh(key, basis.stored), isProven: true };
        continue;
      }
      const group = queue.slice(0, plan.steps.length);
      let outcome: WriteOutcome;
      try {
        outcome = await this.#commit(key, basis.stored, plan.records);
      } catch (error) {
        this.#take(queue, group.length);
        bucket.cache.drop(key);
        for (const { reject } of group) reject(failureOf(key, error));
        return;
      }
      if (outcome.kind === 'written') {
        this.#take(queue, group.length);
        return this.#settle(key, basis.stored, plan, group, outcome.sequence);
      }
      this.lostAttempts++;
      this.#hot.lost(key, clock.now());
      // The sequence that the server reports may be that of the record of an upload.
      const actual = hasUpload(plan) ? undefined : outcome.actual;
      if (clock.now() > deadline) throw new StoreUnavailableError(bucket.logName);
      // The refusal shows a record that was current during the attempt; what is read from now on is not older.
      if (actual !== undefined) bucket.cache.learn(key, actual);
      bucket.cache.drop(key);
      if (attempt > 0) await pause(clock, random.next() * Math.min(longestPauseMs, 2 ** attempt));
      basis = { stored: await bucket.read(key), isProven: actual !== undefined };
    }
  }

  /**
   * Has the owner perform the first operations of the queue, and removes them from it. False: it did not receive them,
   * or they have to be performed here.
   */
  async #forwardFirst(key: string, owner: string, queue: Waiting[]): Promise<boolean> {
    const { bucket, owners } = this.#options;
    const group = forwardable(queue);
    if (group.length === 0) return false;
    const cached = bucket.cache.get(key);
    const basis = cached === undefined ? undefined : revisionOf(cached);
    const operations = group.map(({ operation }) => operation);
    let outcomes: readonly OwnerOutcome[] | undefined;
    try {
      outcomes = await owners.forward(owner, { bucket: bucket.name, key, basis, operations });
    } catch (error) {
      this.#take(queue, group.length);
      for (const { reject } of group) reject(failureOf(key, error));
      return true;
    }
    if (outcomes === undefined) return false;
    this.#take(queue, group.length);
    for (const [index, outcome] of outcomes.entries()) this.#answer(key, group[index] as Waiting, outcome);
    return true;
  }

  #answer(key: string, { resolve, reject }: Waiting, answer: OwnerOutcome): void {
    const { bucket } = this.#options;
    if (answer.kind !== 'done') {
      const refused = new StoreUnavailableError(bucket.logName, { isRefused: answer.kind === 'not-done' });
      return reject(failureOf(key, refused));
    }
    const { outcome } = answer;
    // As after a write of this node: its next cached read shows it.
    if (outcome.kind === 'written') bucket.cache.put(outcome.stored);
    return resolve(outcome);
  }

  /** A value that is merged with others is needed as a whole. */
  async #complete(key: string, basis: Basis): Promise<Basis> {
    const { bucket, large } = this.#options;
    let { stored, isProven } = basis;
    for (let attempt = 1; isElsewhere(stored) && isMerged(stored.meta.policy); attempt++) {
      const loaded = await large.load(stored);
      if (loaded !== undefined) return { stored: loaded, isProven };
      if (attempt === maxLoads) throw new StoreUnavailableError(bucket.logName);
      bucket.cache.drop(key);
      stored = await bucket.fresh(key);
      isProven = true;
    }
    return { stored, isProven };
  }

  /** @throws what `RecordWriter` throws: the operations of the group have failed, or their outcome is not known */
  #commit(key: string, stored: StoredValue, planned: readonly PlannedRecord[]): Promise<WriteOutcome> {
    if (planned.length === 0) return Promise.resolve({ kind: 'written', sequence: stored.sequence });
    const { bucket, large, writer } = this.#options;
    const expect = { subject: keySubject(bucket.name, key), sequence: stored.sequence };
    const records = planned.map((record) => recordOf(bucket.name, key, record));
    const [first, ...others] = records as [NewRecord, ...NewRecord[]];
    const uploads = planned.flatMap((record) => uploadOf(record) ?? []);
    if (others.length === 0 && uploads.length === 0)
      return writer.write(bucket.logName, first, expect, bucket.attemptOn(stored, expect));
    const ends = uploads.map((upload) => large.commitRecord(upload));
    const batch: BatchRecord[] = [...ends, { ...first, expect }, ...others];
    return writer.writeBatch(bucket.logName, batch);
  }

  #settle(
    key: string,
    before: StoredValue,
    { records, steps }: GroupPlan,
    group: readonly Waiting[],
    sequence: number,
  ): void {
    const { clock, bucket, large } = this.#options;
    const changedAtMs = clock.wallNow();
    const written = records.map((record, index) =>
      writtenValue(key, record, sequence - (records.length - 1 - index), changedAtMs),
    );
    const newest = written.at(-1);
    if (newest !== undefined) {
      bucket.written(newest);
      for (const replaced of [before, ...written]) large.release(replaced, newest);
    }
    let seen = before;
    for (const [index, step] of steps.entries()) {
      const earlier = seen;
      if (step.record !== undefined) seen = written[step.record] ?? seen;
      const waiting = group[index];
      if (step.conflict !== undefined) {
        const conflict = settleConflict(step.conflict, earlier);
        this.#options.onConflict(key, conflict, seen.sequence, waiting?.source);
      }
      waiting?.resolve(outcomeOf(step, seen));
    }
  }
}

function outcomeOf({ outcome, isCreated }: PlannedStep, seen: StoredValue): KeyWriteOutcome {
  if (outcome !== undefined) return settleOutcome(outcome, seen);
  return seen.kind === 'value' ? { kind: 'written', isCreated, stored: seen } : { kind: 'removed' };
}

function failureOf(key: string, error: unknown): unknown {
  return error instanceof StoreUnavailableError && !error.isRefused
    ? new WriteUnknownError(key, error)
    : error;
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.setTimer(ms, resolve));
}

/** The first operations that may be sent: an upload belongs to the node that made it. */
function forwardable(queue: readonly Waiting[]): readonly Waiting[] {
  let bytes = 0;
  const end = queue.findIndex(({ operation, source }, index) => {
    if (source !== undefined || index === maxForwarded) return true;
    if (operation.kind === 'operate' && index > 0 && operation.operations.length > maxForwarded) return true;
    if (operation.kind !== 'put') return false;
    bytes += operation.value.length;
    return operation.upload !== undefined || (index > 0 && bytes > maxForwardedBytes);
  });
  return end === -1 ? [...queue] : queue.slice(0, end);
}

function uploadOf(record: PlannedRecord): Upload | undefined {
  return record.kind === 'put' ? record.upload : undefined;
}

function hasUpload({ records }: GroupPlan): boolean {
  return records.some((record) => uploadOf(record) !== undefined);
}
