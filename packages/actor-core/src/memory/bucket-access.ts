import type { Clock } from '../clock.ts';
import {
  BlobDamagedError,
  InvalidArgumentError,
  MemoryLimitError,
  MessageTooLargeError,
  WriteUnknownError,
} from '../errors.ts';
import type { Random } from '../random.ts';
import type { NodeStorage } from '../storage/node-storage.ts';
import type { Conflict, DecisionContext, KeyOperation, KeyWriteOutcome } from './decide-key-write.ts';
import type { HybridClock, Stamp } from './hybrid-clock.ts';
import type { KeyOwners } from './key-owners.ts';
import { KeyWriters } from './key-writers.ts';
import type { LargeValues, Upload } from './large-values.ts';
import type { MemoryBucket } from './memory-bucket.ts';
import type { FullMemoryOptions } from './memory-config.ts';
import type { ReadLevel } from './memory.ts';
import { crdtOf } from './policy.ts';
import type { BlobContent, BlobReading } from '../storage/blob/blob.ts';
import { isElsewhere, type StoredValue } from './stored-value.ts';
import { bringBack } from './move-values.ts';
import { type BatchOperation, type BatchOutcome, writeBatch } from './write-batch.ts';

/** What `BucketAccess` works with. */
export interface BucketAccessOptions {
  readonly bucket: MemoryBucket;
  readonly large: LargeValues;
  readonly storage: NodeStorage;
  readonly clock: Clock;
  readonly random: Random;
  readonly hybridClock: HybridClock;
  readonly node: string;
  readonly limits: FullMemoryOptions;
  readonly owners: KeyOwners;
  readonly onConflict: (
    key: string,
    conflict: Conflict,
    revision: number,
    source: string | undefined,
  ) => void;
}

/** A value with the level that answered. */
export interface LevelRead {
  readonly stored: StoredValue;
  readonly level: ReadLevel;
  readonly ageMs: number;
}

/** Share of a bucket that values may fill. The rest is for removals: they need a record too. */
const fillShare = 0.95;
/**
 * A value that was read from the leader is read again after this time, in the background, if it is used. After twice
 * the time it is not used before that. Until then a leader that lagged behind may have left an outdated value.
 */
const recheckMs = 10_000;
const minTtlMs = 1_000;
/** Reads of a value that is replaced all the time. */
const maxLoads = 8;
/** Values that are brought back at once. */
const maxReturning = 16;

/** Reads and writes of one bucket by keys of the bucket, with limits and counters. */
export class BucketAccess {
  readonly bucket: MemoryBucket;
  readonly large: LargeValues;
  readonly writers: KeyWriters;
  readonly #options: BucketAccessOptions;
  readonly #context: Omit<DecisionContext, 'basis'>;
  cacheHits = 0;
  cacheMisses = 0;
  reads = 0;
  writes = 0;
  unknownWrites = 0;
  broughtBack = 0;
  /** Keys whose values are on their way back into a record. */
  readonly #returning = new Set<string>();

  constructor(options: BucketAccessOptions) {
    const { bucket, storage, clock, random, node, limits, owners, onConflict } = options;
    this.#options = options;
    this.bucket = bucket;
    this.large = options.large;
    this.#context = { merges: limits.merges, replica: node };
    const { writer } = storage;
    const { large } = options;
    this.writers = new KeyWriters({
      bucket,
      large,
      writer,
      clock,
      random,
      context: this.#context,
      owners,
      onConflict,
    });
    owners.serve(bucket.name, (request, from) => this.writers.performFor(from, request));
  }

  /** The cached value of a key, if a `cached` read may use it at this instant of the clock. */
  cached(key: string, maxAgeMs: number, nowMs: number): StoredValue | undefined {
    const { bucket } = this;
    const { clock } = this.#options;
    const found = bucket.cache.find(key);
    if (found === undefined || bucket.ageAt(nowMs) > maxAgeMs) return undefined;
    const { stored, readAtMs } = found;
    const { expiresAtMs } = stored.meta;
    // The announcement of the end may be on its way, or lost.
    if (expiresAtMs !== undefined && clock.wallNow() >= expiresAtMs) return undefined;
    const readAgeMs = nowMs - readAtMs;
    if (readAgeMs > recheckMs) {
      if (readAgeMs > 2 * recheckMs) return undefined;
      if (bucket.cache.takeCheck(key)) void bucket.read(key).catch(() => bucket.cache.drop(key));
    }
    this.cacheHits++;
    return stored;
  }

  /** @throws StoreUnavailableError */
  async read(key: string, level: ReadLevel): Promise<LevelRead> {
    const { bucket } = this;
    this.reads++;
    if (level === 'cached') this.cacheMisses++;
    const stored =
      level === 'fresh' ? await bucket.fresh(key, bucket.cache.get(key)) : await bucket.read(key);
    this.#observe(stored);
    return { stored, level: level === 'fresh' ? 'fresh' : 'leader', ageMs: 0 };
  }

  /**
   * A value with its content: where that is gone, the value that the key has by now.
   *
   * @throws StoreUnavailableError, BlobDamagedError
   */
  async loaded(read: LevelRead): Promise<LevelRead> {
    return this.#withContent(read, async (stored) => {
      const whole = isElsewhere(stored) ? await this.#load(stored) : stored;
      return whole === undefined ? undefined : { ...read, stored: whole };
    });
  }

  /** As `loaded`, with the content of a blob in parts. */
  async opened(read: LevelRead): Promise<LevelRead & { readonly reading?: BlobReading }> {
    return this.#withContent(read, async (stored) => {
      if (!isElsewhere(stored) || stored.meta.blob === undefined) return { ...read, stored };
      // Readers of a CRDT see the value of its state; a value that fits into a record is brought back.
      if (crdtOf(stored.meta.policy) !== undefined || this.#fits(stored)) {
        const whole = await this.#load(stored);
        return whole === undefined ? undefined : { ...read, stored: whole };
      }
      const reading = await this.large.read(stored.key, stored.meta.blob);
      return reading === undefined ? undefined : { ...read, stored, reading };
    });
  }

  async #load(stored: StoredValue): Promise<StoredValue | undefined> {
    const whole = await this.large.load(stored);
    if (whole !== undefined && this.#fits(whole)) this.#bringBack(whole);
    return whole;
  }

  /** Whether the value of a blob could be in a record. */
  #fits({ meta }: StoredValue): boolean {
    return (meta.blob?.bytes ?? 0) <= this.#options.limits.maxRecordBytes;
  }

  #bringBack(stored: StoredValue): void {
    const { key, value } = stored;
    if (this.#returning.size >= maxReturning || this.#returning.has(key) || this.#isFull(value.length))
      return;
    this.#returning.add(key);
    const { storage, clock } = this.#options;
    void bringBack({ bucket: this.bucket, large: this.large, storage, clock }, stored)
      .then(
        (isBack) => {
          if (isBack) this.broughtBack++;
          return undefined;
        },
        // The value stays readable where it is.
        () => undefined,
      )
      .finally(() => this.#returning.delete(key));
  }

  #isFull(moreBytes: number): boolean {
    const { maxBucketBytes } = this.#options.limits;
    return maxBucketBytes > 0 && this.bucket.bytes + moreBytes > maxBucketBytes * fillShare;
  }

  async #withContent<Result>(
    { stored, level }: LevelRead,
    load: (stored: StoredValue) => Promise<Result | undefined>,
  ): Promise<Result> {
    let newest = stored;
    for (let attempt = 1; attempt <= maxLoads; attempt++) {
      const result = await load(newest);
      if (result !== undefined) return result;
      this.bucket.cache.drop(newest.key);
      newest = (await this.read(newest.key, level === 'cached' ? 'leader' : level)).stored;
    }
    throw new BlobDamagedError(this.bucket.name, newest.meta.blob?.name ?? newest.key, 'removed');
  }

  /**
   * Stores a value that does not fit into a record, and performs the put that refers to it.
   *
   * @throws as `perform`; UploadTimeoutError nothing was written
   */
  async performLarge(
    key: string,
    content: BlobContent,
    put: KeyOperation & { readonly kind: 'put' },
  ): Promise<KeyWriteOutcome> {
    const { maxValueBytes } = this.#options.limits;
    if (content instanceof Uint8Array && content.length > maxValueBytes)
      throw new MemoryLimitError('value-too-large', maxValueBytes);
    await this.bucket.ready();
    const upload = await this.large.upload(key, content, put.ttlMs);
    return this.#performUpload(key, upload, put);
  }

  async #performUpload(
    key: string,
    upload: Upload,
    put: KeyOperation & { readonly kind: 'put' },
  ): Promise<KeyWriteOutcome> {
    try {
      const outcome = await this.perform(key, { ...put, upload });
      const isUsed = outcome.kind === 'written' && outcome.stored.meta.blob?.name === upload.ref.name;
      if (!isUsed) void this.large.abandon(upload);
      return outcome;
    } catch (error) {
      // After an unknown outcome the record may still be accepted.
      if (!(error instanceof WriteUnknownError)) void this.large.abandon(upload);
      throw error;
    }
  }

  /** @throws MemoryLimitError, WriteUnknownError, StoreUnavailableError */
  async perform(key: string, operation: KeyOperation): Promise<KeyWriteOutcome> {
    this.#requireSpace(operation);
    this.writes++;
    const outcome = await this.writers.perform(key, operation).catch((error: unknown) => {
      throw this.#failure(error);
    });
    if (outcome.kind === 'written') this.#observe(outcome.stored);
    return outcome;
  }

  /** @throws as `perform` */
  async batch(operations: readonly BatchOperation[]): Promise<BatchOutcome> {
    for (const { operation } of operations) this.#requireSpace(operation);
    this.writes += operations.length;
    const { storage, clock } = this.#options;
    const { bucket, large } = this;
    const surroundings = { bucket, large, writer: storage.writer, clock, context: this.#context };
    await this.bucket.ready();
    return writeBatch(surroundings, operations).catch((error: unknown) => {
      throw this.#failure(error);
    });
  }

  /** A stamp that is later than everything this node has seen. */
  stamp(): Stamp {
    return this.#options.hybridClock.next();
  }

  /** @throws InvalidArgumentError naming `ttlMs` */
  expiryOf(ttlMs: number | undefined): number | undefined {
    if (ttlMs === undefined) return undefined;
    if (!(Number.isFinite(ttlMs) && ttlMs >= minTtlMs))
      throw new InvalidArgumentError('ttlMs', `must be at least ${minTtlMs}`);
    // The server counts whole seconds.
    return this.#options.clock.wallNow() + Math.ceil(ttlMs / 1_000) * 1_000;
  }

  /** Deletes are always possible, so that a full bucket can be emptied. */
  #requireSpace(operation: KeyOperation): void {
    if (operation.kind === 'remove') return;
    const { maxValueBytes, maxRecordBytes, maxBucketBytes } = this.#options.limits;
    const bytes = operation.kind === 'put' ? operation.value.length : 0;
    const maxBytes = Math.min(maxValueBytes, maxRecordBytes);
    if (bytes > maxBytes) throw new MemoryLimitError('value-too-large', maxBytes);
    if (this.#isFull(bytes)) throw new MemoryLimitError('memory-full', maxBucketBytes);
  }

  #observe({ meta }: StoredValue): void {
    if (meta.stamp !== undefined) this.#options.hybridClock.observe(meta.stamp);
  }

  #failure(error: unknown): unknown {
    if (error instanceof WriteUnknownError) this.unknownWrites++;
    if (error instanceof MessageTooLargeError)
      return new MemoryLimitError('value-too-large', this.#options.limits.maxRecordBytes);
    return error;
  }
}
