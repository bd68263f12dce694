import type { Clock } from '../clock.ts';
import { StoreUnavailableError, WriteUnknownError } from '../errors.ts';
import type { Random } from '../random.ts';
import { keySubject } from '../storage/key-value/bucket-spec.ts';
import type { WriteOutcome } from '../storage/log/decide-write.ts';
import type { BatchRecord, Expectation, NewRecord } from '../storage/log/log.ts';
import type { RecordWriter } from '../storage/log/record-writer.ts';
import type { DecisionContext, KeyOperation, KeyWriteOutcome, PlannedRecord } from './decide-key-write.ts';
import { recordOf } from './key-records.ts';
import type { Upload } from './large-values.ts';
import { HotKeys } from './hot-keys.ts';
import type { KeyOwners } from './key-owners.ts';
import type { OwnerOutcome, OwnerRequest } from './owner-messages.ts';
import { type GroupPlan, planGroup } from './plan-group.ts';
import { isMerged } from './policy.ts';
import { type GroupSurroundings, settleGroup, type Waiting } from './settle-group.ts';
import { isElsewhere, revisionOf, type StoredValue } from './stored-value.ts';

/** What `KeyWriters` works with. */
export interface KeyWritersOptions extends GroupSurroundings {
  readonly writer: RecordWriter;
  readonly random: Random;
  readonly context: Omit<DecisionContext, 'basis'>;
  readonly owners: Pick<KeyOwners, 'ownerOf' | 'forward'>;
}

/** A value, and whether it was current at a moment since the operations of the group began. */
interface Basis {
  readonly stored: StoredValue;
  readonly isProven: boolean;
}

/** An attempt that was sent on the feed and was not confirmed there. */
interface Attempt {
  readonly stored: StoredValue;
  readonly plan: GroupPlan;
  readonly outcome: Promise<WriteOutcome>;
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
    return this.#perform(key, operation, undefined, undefined);
  }

  /** Performs operations for another node that takes this one for the owner of the key. Never rejects. */
  performFor(source: string, { key, basis, operations }: OwnerRequest): Promise<readonly OwnerOutcome[]> {
    return Promise.all(
      operations.map((operation) =>
        this.#perform(key, operation, source, basis).then(
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

  #perform(
    key: string,
    operation: KeyOperation,
    source: string | undefined,
    basis: number | undefined,
  ): Promise<KeyWriteOutcome> {
    if (this.#depth >= maxDepth)
      return Promise.reject(new StoreUnavailableError(this.#options.bucket.logName));
    this.#depth++;
    return new Promise((resolve, reject) => {
      const own: Waiting = { operation, source, basis, resolve, reject };
      const waiting = this.#waiting.get(key);
      if (waiting !== undefined) {
        waiting.push(own);
        return;
      }
      const queue: Waiting[] = [own];
      this.#waiting.set(key, queue);
      this.#begin(key, queue);
    });
  }

  #begin(key: string, queue: Waiting[]): void {
    if (queue.length === 0) this.#waiting.delete(key);
    else if (!this.#sendFirst(key, queue)) void this.#work(key, queue);
  }

  /**
   * Sends the first operations of the queue as one record, whose echo on the feed is the answer: what most writes are.
   * False: they need more than that.
   */
  #sendFirst(key: string, queue: Waiting[]): boolean {
    const { bucket, clock, context, writer } = this.#options;
    if (this.#hot.isHot(key, clock.now())) return false;
    const stored = bucket.cache.get(key);
    if (stored === undefined || isElsewhere(stored) || !bucket.hasEchoes(stored)) return false;
    const { merges, replica } = context;
    const plan = planGroup(stored, queue, { merges, replica, basis: revisionOf(stored) });
    const planned = plan.records[0];
    if (plan.isRefusing || planned === undefined || plan.records.length > 1 || hasUpload(plan)) return false;
    const record = recordOf(bucket.name, key, planned, stored.sequence);
    const write = writer.begin(bucket.logName, record, expectationOf(record.subject, stored.sequence));
    if (write === undefined) return false;
    bucket.sendOnFeed(write, (outcome) => {
      if (outcome.kind === 'appended') {
        writer.confirm(write, outcome.sequence);
        const group = this.#take(queue, plan.steps.length);
        settleGroup(this.#options, key, stored, plan, group, outcome.sequence);
        this.#begin(key, queue);
      } else void this.#work(key, queue, { stored, plan, outcome: writer.finish(write, outcome) });
    });
    return true;
  }

  async #work(key: string, queue: Waiting[], begun?: Attempt): Promise<void> {
    let attempt = begun;
    while (queue.length > 0) {
      try {
        await this.#performFirst(key, queue, attempt);
        attempt = undefined;
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
  async #performFirst(key: string, queue: Waiting[], begun: Attempt | undefined): Promise<void> {
    const { bucket, clock, random, context, owners } = this.#options;
    if (begun === undefined && this.#hot.isHot(key, clock.now())) {
      const owner = owners.ownerOf(key);
      if (owner !== undefined && (await this.#forwardFirst(key, owner, queue))) return;
    }
    const deadline = clock.now() + patienceMs;
    // A cached value is as good as one that was read: the commit asserts its sequence.
    const known = begun?.stored ?? bucket.cache.get(key);
    let basis: Basis = { stored: known ?? (await bucket.read(key)), isProven: false };
    const beganAt = revisionOf(basis.stored);
    for (let attempt = 0, first = begun; ; attempt++, first = undefined) {
      if (isElsewhere(basis.stored)) basis = await this.#complete(key, basis);
      const plan = first?.plan ?? planGroup(basis.stored, queue, { ...context, basis: beganAt });
      if (plan.isRefusing && !basis.isProven) {
        basis = { stored: await bucket.fresh(key, basis.stored), isProven: true };
        continue;
      }
      const group = queue.slice(0, plan.steps.length);
      let outcome: WriteOutcome;
      try {
        outcome = await (first?.outcome ?? this.#commit(key, basis.stored, plan.records));
      } catch (error) {
        this.#take(queue, group.length);
        bucket.cache.drop(key);
        for (const { reject } of group) reject(failureOf(key, error));
        return;
      }
      if (outcome.kind === 'written') {
        this.#take(queue, group.length);
        return settleGroup(this.#options, key, basis.stored, plan, group, outcome.sequence);
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
    const expect = expectationOf(keySubject(bucket.name, key), stored.sequence);
    const records = planned.map((record) => recordOf(bucket.name, key, record, stored.sequence));
    const [first, ...others] = records as [NewRecord, ...NewRecord[]];
    const uploads = planned.flatMap((record) => uploadOf(record) ?? []);
    if (others.length === 0 && uploads.length === 0) return writer.write(bucket.logName, first, expect);
    const ends = uploads.map((upload) => large.commitRecord(upload));
    const batch: BatchRecord[] = [...ends, { ...first, expect }, ...others];
    return writer.writeBatch(bucket.logName, batch);
  }
}

/** Every write of a key asserts the record that it replaces. */
function expectationOf(subject: string, sequence: number): Expectation {
  return { subject, sequence };
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
