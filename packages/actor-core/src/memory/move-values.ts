import type { Clock } from '../clock.ts';
import { keySubject } from '../storage/key-value/bucket-spec.ts';
import type { LogRecord } from '../storage/log/log.ts';
import type { NodeStorage } from '../storage/node-storage.ts';
import { decideMove, movedMeta, type MoveRules, remainingTtlMs } from './decide-move.ts';
import { recordOf, writtenValue } from './key-records.ts';
import type { LargeValues } from './large-values.ts';
import type { MemoryBucket } from './memory-bucket.ts';
import { isElsewhere, type StoredValue, storedValueOf } from './stored-value.ts';

/** What moves of values work with. */
export interface MoveSurroundings {
  readonly bucket: MemoryBucket;
  readonly large: LargeValues;
  readonly storage: NodeStorage;
  readonly clock: Clock;
}

const pageRecords = 64;
const noValue = new Uint8Array(0);

/**
 * Moves values that nobody has changed or brought back for long from the records of a bucket into blobs. Each move is a
 * compare-and-set, so a concurrent write wins. What clients see of the key stays: value, revision, policy and end.
 *
 * Records are in the order of their age. Those before `#next` are settled, so that a round reads only what has become
 * old since the round before.
 */
export class ValueMover {
  readonly #surroundings: MoveSurroundings;
  readonly #rules: MoveRules;
  #created: string | undefined;
  #next = 1;

  constructor(surroundings: MoveSurroundings, rules: MoveRules) {
    this.#surroundings = surroundings;
    this.#rules = rules;
  }

  /** One round. @returns number of values that were moved. @throws StoreUnavailableError, MemoryLimitError */
  async run(signal: AbortSignal): Promise<number> {
    const { bucket, storage } = this.#surroundings;
    const { created, answeredAtMs } = await storage.log.info(bucket.logName);
    if (created !== this.#created) this.#next = 1;
    this.#created = created;
    const filter = `$KV.${bucket.name}.>`;
    for (let moved = 0; ; ) {
      const from = this.#next;
      const page = await storage.log.readForward(bucket.logName, { from, filter, limit: pageRecords });
      for (const record of page.records) {
        signal.throwIfAborted();
        const outcome = await this.#settle(record, answeredAtMs);
        if (outcome === 'too-young') return moved;
        if (outcome === 'moved') moved++;
        this.#next = record.sequence + 1;
      }
      if (page.isEnd) return moved;
      this.#next = page.next;
    }
  }

  async #settle(record: LogRecord, nowMs: number): Promise<'too-young' | 'moved' | 'settled'> {
    const { bucket } = this.#surroundings;
    // Records of the nodes themselves, such as barriers and intents.
    if (record.subject.startsWith(`$KV.${bucket.name}._.`)) return 'settled';
    const stored = storedValueOf(bucket.name, record);
    const decision = decideMove(record, stored, nowMs, this.#rules);
    if (decision !== 'move') return decision === 'stay' ? 'settled' : decision;
    return (await moveOut(this.#surroundings, stored)) ? 'moved' : 'settled';
  }
}

async function moveOut(
  { bucket, large, storage, clock }: MoveSurroundings,
  stored: StoredValue,
): Promise<boolean> {
  const { key, sequence, meta, value } = stored;
  const ttlMs = remainingTtlMs(meta, clock.wallNow());
  const upload = await large.upload(key, value, ttlMs);
  const record = { kind: 'put', value: noValue, meta: movedMeta(stored, upload.ref), ttlMs } as const;
  // After an unknown outcome the blob is left to `BlobReclaim`.
  const outcome = await storage.writer.writeBatch(bucket.logName, [
    large.commitRecord(upload),
    { ...recordOf(bucket.name, key, record), expect: { subject: keySubject(bucket.name, key), sequence } },
  ]);
  if (outcome.kind === 'rejected') await large.abandon(upload);
  return outcome.kind === 'written';
}

/**
 * Stores a value that was read from a blob in the record of its key again. A compare-and-set: a concurrent write wins.
 *
 * @param stored with its content
 * @throws StoreUnavailableError it may have happened
 */
export async function bringBack(
  { bucket, large, storage, clock }: MoveSurroundings,
  stored: StoredValue,
): Promise<boolean> {
  const { key, sequence, meta, value } = stored;
  if (meta.blob === undefined || isElsewhere(stored)) return false;
  const ttlMs = remainingTtlMs(meta, clock.wallNow());
  const record = { kind: 'put', value, meta: movedMeta(stored, undefined), ttlMs } as const;
  const expect = { subject: keySubject(bucket.name, key), sequence };
  const outcome = await storage.writer.write(bucket.logName, recordOf(bucket.name, key, record), expect);
  if (outcome.kind === 'rejected') return false;
  const now = writtenValue(key, record, outcome.sequence, stored.changedAtMs);
  bucket.written(now);
  large.release(stored, now);
  return true;
}
