import type { Clock } from '../clock.ts';
import {
  InvalidArgumentError,
  MemoryLimitError,
  MessageTooLargeError,
  WriteUnknownError,
} from '../errors.ts';
import type { Random } from '../random.ts';
import type { NodeStorage } from '../storage/node-storage.ts';
import type { Conflict, DecisionContext, KeyOperation } from './decide-key-write.ts';
import type { HybridClock, Stamp } from './hybrid-clock.ts';
import { KeyWriters, type KeyWriteOutcome } from './key-writers.ts';
import type { MemoryBucket } from './memory-bucket.ts';
import type { FullMemoryOptions } from './memory-config.ts';
import type { ReadLevel } from './memory.ts';
import type { StoredValue } from './stored-value.ts';
import { type BatchOperation, type BatchOutcome, writeBatch } from './write-batch.ts';

/** What `BucketAccess` works with. */
export interface BucketAccessOptions {
  readonly bucket: MemoryBucket;
  readonly storage: NodeStorage;
  readonly clock: Clock;
  readonly random: Random;
  readonly hybridClock: HybridClock;
  readonly node: string;
  readonly limits: FullMemoryOptions;
  readonly onConflict: (key: string, conflict: Conflict, revision: number) => void;
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

/** Reads and writes of one bucket by keys of the bucket, with limits and counters. */
export class BucketAccess {
  readonly bucket: MemoryBucket;
  readonly writers: KeyWriters;
  readonly #options: BucketAccessOptions;
  readonly #context: Omit<DecisionContext, 'basis'>;
  cacheHits = 0;
  cacheMisses = 0;
  reads = 0;
  writes = 0;
  unknownWrites = 0;

  constructor(options: BucketAccessOptions) {
    const { bucket, storage, clock, random, node, limits, onConflict } = options;
    this.#options = options;
    this.bucket = bucket;
    this.#context = { merges: limits.merges, replica: node };
    const { writer } = storage;
    this.writers = new KeyWriters({ bucket, writer, clock, random, context: this.#context, onConflict });
  }

  /** The cached value of a key, if a `cached` read may use it at this instant of the clock. */
  cached(key: string, maxAgeMs: number, nowMs: number): StoredValue | undefined {
    const { bucket } = this;
    const { clock } = this.#options;
    const stored = bucket.cache.get(key);
    if (stored === undefined || bucket.ageAt(nowMs) > maxAgeMs) return undefined;
    const { expiresAtMs } = stored.meta;
    // The announcement of the end may be on its way, or lost.
    if (expiresAtMs !== undefined && clock.wallNow() >= expiresAtMs) return undefined;
    const readAgeMs = bucket.cache.readAgeMs(key, nowMs);
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
    const surroundings = { bucket: this.bucket, writer: storage.writer, clock, context: this.#context };
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
    const { maxValueBytes, maxBucketBytes } = this.#options.limits;
    const bytes = operation.kind === 'put' ? operation.value.length : 0;
    if (bytes > maxValueBytes) throw new MemoryLimitError('value-too-large', maxValueBytes);
    if (maxBucketBytes > 0 && this.bucket.bytes + bytes > maxBucketBytes * fillShare)
      throw new MemoryLimitError('memory-full', maxBucketBytes);
  }

  #observe({ meta }: StoredValue): void {
    if (meta.stamp !== undefined) this.#options.hybridClock.observe(meta.stamp);
  }

  #failure(error: unknown): unknown {
    if (error instanceof WriteUnknownError) this.unknownWrites++;
    if (error instanceof MessageTooLargeError)
      return new MemoryLimitError('value-too-large', this.#options.limits.maxValueBytes);
    return error;
  }
}
