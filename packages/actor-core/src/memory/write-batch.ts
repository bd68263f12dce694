import type { Clock } from '../clock.ts';
import { StoreUnavailableError, WriteUnknownError } from '../errors.ts';
import { keySubject } from '../storage/key-value/bucket-spec.ts';
import type { BatchRecord } from '../storage/log/log.ts';
import type { WriteOutcome } from '../storage/log/decide-write.ts';
import type { RecordWriter } from '../storage/log/record-writer.ts';
import { decideKeyWrite, type DecisionContext, type KeyOperation, type Refusal } from './decide-key-write.ts';
import { recordOf, writtenValue } from './key-records.ts';
import type { LargeValues } from './large-values.ts';
import type { MemoryBucket } from './memory-bucket.ts';
import { isMerged } from './policy.ts';
import { isElsewhere, revisionOf, type StoredValue } from './stored-value.ts';

/** One operation of a batch. */
export interface BatchOperation {
  readonly key: string;
  readonly operation: KeyOperation;
}

export type BatchOutcome =
  | { readonly kind: 'written'; readonly stored: readonly StoredValue[] }
  | { readonly kind: 'refused'; readonly key: string; readonly refusal: Refusal };

/** What a batch is written with. */
export interface BatchSurroundings {
  readonly bucket: MemoryBucket;
  readonly large: LargeValues;
  readonly writer: RecordWriter;
  readonly clock: Clock;
  readonly context: Omit<DecisionContext, 'basis'>;
}

const patienceMs = 5_000;
const maxLoads = 8;

type Decided =
  | {
      readonly kind: 'planned';
      readonly records: readonly BatchRecord[];
      readonly after: readonly AfterWrite[];
    }
  | { readonly kind: 'refused'; readonly key: string; readonly refusal: Refusal };

/** The value of a key after the batch, given its sequence; undefined for a key that stays as it is. */
type AfterWrite = ((sequence: number) => StoredValue) | StoredValue;

/**
 * Performs operations on different keys, all of them or none, as one atomic batch of the bucket in which each record
 * asserts the newest sequence of its key.
 *
 * @throws WriteUnknownError, StoreUnavailableError
 */
export async function writeBatch(
  surroundings: BatchSurroundings,
  operations: readonly BatchOperation[],
): Promise<BatchOutcome> {
  const { bucket, clock } = surroundings;
  const deadline = clock.now() + patienceMs;
  let isProven = false;
  for (;;) {
    const keys = operations.map(({ key }) => key);
    const stored = await Promise.all(keys.map((key) => valueOf(surroundings, key, isProven)));
    const decided = decide(surroundings, operations, stored);
    if (decided.kind === 'refused') {
      if (isProven) return decided;
      isProven = true;
      continue;
    }
    const outcome = await write(surroundings, operations, decided.records);
    if (outcome.kind === 'written') return settle(surroundings, decided, stored, outcome.sequence);
    if (clock.now() > deadline) throw new StoreUnavailableError(bucket.logName);
    for (const key of keys) bucket.cache.drop(key);
  }
}

async function valueOf(
  { bucket, large }: BatchSurroundings,
  key: string,
  isProven: boolean,
): Promise<StoredValue> {
  const cached = bucket.cache.get(key);
  let stored = isProven ? await bucket.fresh(key, cached) : (cached ?? (await bucket.read(key)));
  for (let attempt = 1; isElsewhere(stored) && isMerged(stored.meta.policy); attempt++) {
    const loaded = await large.load(stored);
    if (loaded !== undefined) return loaded;
    if (attempt === maxLoads) throw new StoreUnavailableError(bucket.logName);
    stored = await bucket.fresh(key);
  }
  return stored;
}

function decide(
  { bucket, clock, context }: BatchSurroundings,
  operations: readonly BatchOperation[],
  stored: readonly StoredValue[],
): Decided {
  const records: BatchRecord[] = [];
  const after: AfterWrite[] = [];
  for (const [index, { key, operation }] of operations.entries()) {
    const before = stored[index] as StoredValue;
    const decision = decideKeyWrite(before, operation, { ...context, basis: revisionOf(before) });
    if (decision.do === 'write') {
      const { record } = decision;
      const expect = { subject: keySubject(bucket.name, key), sequence: before.sequence };
      records.push({ ...recordOf(bucket.name, key, record), expect });
      after.push((sequence) => writtenValue(key, record, sequence, clock.wallNow()));
    } else {
      const { outcome } = decision;
      if (outcome.kind !== 'removed' && outcome.kind !== 'superseded')
        return { kind: 'refused', key, refusal: outcome };
      after.push(before);
    }
  }
  return { kind: 'planned', records, after };
}

async function write(
  { bucket, writer }: BatchSurroundings,
  operations: readonly BatchOperation[],
  records: readonly BatchRecord[],
): Promise<WriteOutcome> {
  if (records.length === 0) return { kind: 'written', sequence: 0 };
  try {
    return await writer.writeBatch(bucket.logName, records);
  } catch (error) {
    for (const { key } of operations) bucket.cache.drop(key);
    if (error instanceof StoreUnavailableError)
      throw new WriteUnknownError(operations.map(({ key }) => key).join(', '), error);
    throw error;
  }
}

function settle(
  { bucket, large }: BatchSurroundings,
  { records, after }: Decided & { readonly kind: 'planned' },
  before: readonly StoredValue[],
  last: number,
): BatchOutcome {
  let sequence = last - records.length;
  const stored = after.map((value, index) => {
    if (typeof value !== 'function') return value;
    const written = value(++sequence);
    bucket.written(written);
    large.release(before[index] as StoredValue, written);
    return written;
  });
  return { kind: 'written', stored };
}

/** Revisions of a batch by the order of its operations. */
export function revisionsOf({ stored }: BatchOutcome & { readonly kind: 'written' }): number[] {
  return stored.map(revisionOf);
}
