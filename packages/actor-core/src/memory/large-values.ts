import type { Clock, Timer } from '../clock.ts';
import {
  BlobDamagedError,
  BlobTooLargeError,
  InvalidArgumentError,
  MemoryLimitError,
  StoreUnavailableError,
} from '../errors.ts';
import type { Random } from '../random.ts';
import type { BlobBucket, BlobContent, BlobEntry, BlobReading, BlobRef } from '../storage/blob/blob.ts';
import { joinBlob } from '../storage/blob/join-blob.ts';
import type { BlobBucketSpec } from '../storage/blob/blob-spec.ts';
import { bucketLog, keySubject } from '../storage/key-value/bucket-spec.ts';
import { purgeRecord, putRecord } from '../storage/key-value/key-record.ts';
import type { BatchRecord, Expectation } from '../storage/log/log.ts';
import type { NodeStorage } from '../storage/node-storage.ts';
import type { StoredValue } from './stored-value.ts';

/** What `LargeValues` works with. */
export interface LargeValuesOptions {
  /** Name of the bucket of values and of the bucket of its blobs. */
  readonly bucket: string;
  readonly storage: NodeStorage;
  readonly clock: Clock;
  readonly random: Random;
  readonly maxValueBytes: number;
  /** Bytes of all blobs; 0 is no limit. */
  readonly maxBytes: number;
  readonly replicas: number;
}

/** A blob that is stored and not yet named by a record. */
export interface Upload {
  readonly ref: BlobRef;
  /** The intent record, which the record that names the blob asserts and removes in the same commit. */
  readonly intent: Expectation & { readonly key: string };
}

/** Longest time of one upload. */
const uploadTimeoutMs = 600_000;
/** The server removes an intent after this time; from then on no record can name its blob. */
const intentTtlMs = 900_000;
const intentMarkerMs = 60_000;
/** A blob lives longer than the record that names it. */
const blobMarginMs = 3_600_000;
/** Time that readers of a replaced value have to end their read. */
const releaseAfterMs = 60_000;
const maxReleases = 1_000;
const lookMs = 10_000;
/** Share of the bytes of the bucket that blobs may fill. */
const fillShare = 0.95;

/**
 * Values that are stored as blobs, with a reference in the record of their key. Each blob belongs to one write of one
 * key, which its metadata states; the record of another key cannot refer to it.
 *
 * An *intent* record in the bucket of values precedes the upload. The record that refers to the blob is accepted only
 * together with the removal of the intent. So a blob without an intent, to which the record of its key does not refer,
 * is an orphan for good: no late attempt of a slow or crashed node can refer to it any more.
 */
export class LargeValues {
  readonly #options: LargeValuesOptions;
  #opened: BlobBucket | undefined;
  readonly #released: { readonly key: string; readonly name: string; readonly atMs: number }[] = [];
  #timer: Timer | undefined;
  #lookTimer: Timer | undefined;
  #isClosed = false;
  /** Bytes of all blobs, as of the last look. */
  bytes = 0;
  /** Values that were read from blobs. */
  reads = 0;
  /** Values that were stored as blobs. */
  uploads = 0;

  constructor(options: LargeValuesOptions) {
    this.#options = options;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#lookTimer?.cancel();
  }

  /** Begins to look regularly how many bytes there are. */
  start(): void {
    this.#lookTimer = this.#options.clock.setTimer(lookMs, () => void this.#look());
  }

  /** Creates the bucket of blobs, or takes it as it is. For nodes that may create it. @throws StoreUnavailableError */
  async prepare(): Promise<void> {
    const { blobs } = this.#options.storage;
    try {
      this.#opened = await blobs.ensure(this.#spec());
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      this.#opened = await blobs.open(this.#spec());
    }
  }

  /**
   * Stores content that a record of the key is to refer to. `ttlMs`: the time to live of that record.
   *
   * @throws MemoryLimitError, StoreUnavailableError, UploadTimeoutError nothing is stored
   */
  async upload(key: string, content: BlobContent, ttlMs: number | undefined): Promise<Upload> {
    const { bucket, storage, random, maxValueBytes } = this.#options;
    const blobs = await this.#open();
    await this.#requireSpace(blobs, content);
    const id = random.id();
    const intentKey = `_.upload.${id}`;
    const intent = { key: intentKey, subject: keySubject(bucket, intentKey), sequence: 0 };
    const record = putRecord(bucket, intentKey, new TextEncoder().encode(key), intentTtlMs);
    const begun = await storage.writer.write(bucketLog(bucket), record, intent);
    // The identity is unique: nobody else writes this record.
    if (begun.kind === 'rejected') throw new StoreUnavailableError(bucketLog(bucket));
    const held = { ...intent, sequence: begun.sequence };
    try {
      const outcome = await blobs.putNamed(blobName(id), content, {
        revision: 0,
        metadata: { key },
        ...(ttlMs === undefined ? {} : { ttlMs: ttlMs + blobMarginMs }),
      });
      if (outcome.kind === 'conflict') throw new StoreUnavailableError(bucketLog(bucket));
      this.uploads++;
      return { ref: refOf(outcome.entry), intent: held };
    } catch (error) {
      await this.#endIntent(held).catch(() => false);
      throw error instanceof BlobTooLargeError
        ? new MemoryLimitError('value-too-large', maxValueBytes)
        : error;
    }
  }

  /** The record that a commit needs beside the one that refers to the blob. */
  commitRecord({ intent }: Upload): BatchRecord {
    const { key, subject, sequence } = intent;
    return { ...purgeRecord(this.#options.bucket, key, intentMarkerMs), expect: { subject, sequence } };
  }

  /** Removes a blob to which certainly no record refers. What fails is left to `reclaimBlobs`. */
  async abandon({ ref, intent }: Upload): Promise<void> {
    try {
      if (await this.#endIntent(intent)) await (await this.#open()).delete(ref.name);
    } catch {
      // The intent ends by itself, and the blob is found as an orphan.
    }
  }

  /** Removes, after some time, the blob of a value that was replaced. */
  release(before: StoredValue, after: StoredValue | undefined): void {
    const name = before.meta.blob?.name;
    if (name === undefined || name === after?.meta.blob?.name || this.#isClosed) return;
    // With more of them the rest is left to `reclaimBlobs`.
    if (this.#released.length >= maxReleases) return;
    this.#released.push({ key: before.key, name, atMs: this.#options.clock.now() + releaseAfterMs });
    this.#timer ??= this.#options.clock.setTimer(releaseAfterMs, () => void this.#removeReleased());
  }

  /**
   * The value with its content; undefined where its blob is gone, because the key has another value by now, or is not
   * one of this key.
   */
  async load(stored: StoredValue): Promise<StoredValue | undefined> {
    const { key, meta } = stored;
    if (meta.blob === undefined) return stored;
    const reading = await this.read(key, meta.blob);
    const value = reading && (await joinBlob(reading).catch(undefinedIfRemoved));
    return value === undefined ? undefined : { ...stored, value };
  }

  /** As `load`, in parts that are read while they are consumed. */
  async read(key: string, ref: BlobRef): Promise<BlobReading | undefined> {
    this.reads++;
    const reading = await (await this.#open()).read(ref);
    return isOfKey(key, reading?.entry) ? reading : undefined;
  }

  /** The bucket of blobs. @throws StoreUnavailableError it does not exist yet */
  async blobs(): Promise<BlobBucket> {
    return this.#open();
  }

  async #endIntent(intent: Upload['intent']): Promise<boolean> {
    const { bucket, storage } = this.#options;
    const record = purgeRecord(bucket, intent.key, intentMarkerMs);
    return (await storage.writer.write(bucketLog(bucket), record, intent)).kind === 'written';
  }

  async #requireSpace(blobs: BlobBucket, content: BlobContent): Promise<void> {
    const { maxBytes } = this.#options;
    this.bytes = (await blobs.info()).bytes;
    const more = content instanceof Uint8Array ? content.length : 0;
    if (maxBytes > 0 && this.bytes + more > maxBytes * fillShare)
      throw new MemoryLimitError('memory-full', maxBytes);
  }

  async #look(): Promise<void> {
    try {
      this.bytes = (await (await this.#open()).info()).bytes;
    } catch {
      // The figure stays as it was.
    }
    if (!this.#isClosed) this.start();
  }

  async #removeReleased(): Promise<void> {
    this.#timer = undefined;
    const { clock } = this.#options;
    while (!this.#isClosed && (this.#released[0]?.atMs ?? Infinity) <= clock.now()) {
      const [first] = this.#released.splice(0, 1);
      if (first !== undefined) await this.#tryDelete(first);
    }
    const next = this.#released[0];
    if (next === undefined || this.#isClosed) return;
    this.#timer ??= clock.setTimer(Math.max(1, next.atMs - clock.now()), () => void this.#removeReleased());
  }

  async #tryDelete({ key, name }: { readonly key: string; readonly name: string }): Promise<void> {
    try {
      const blobs = await this.#open();
      const entry = await blobs.stat(name);
      if (isOfKey(key, entry)) await blobs.delete(name, { revision: entry.revision });
    } catch {
      // It is found as an orphan later.
    }
  }

  async #open(): Promise<BlobBucket> {
    this.#opened ??= await this.#options.storage.blobs.open(this.#spec());
    return this.#opened;
  }

  #spec(): BlobBucketSpec {
    const { bucket, clock, maxBytes, maxValueBytes, replicas } = this.#options;
    // Sequences of a bucket that was lost do not come again.
    const firstSequence = Math.floor(clock.wallNow());
    return { name: bucket, maxBytes, maxBlobBytes: maxValueBytes, replicas, uploadTimeoutMs, firstSequence };
  }
}

/** The intent of a blob, if the name is one of memory. */
export function intentKeyOf(blob: string): string | undefined {
  return blob.startsWith(blobPrefix) ? `_.upload.${blob.slice(blobPrefix.length)}` : undefined;
}

const blobPrefix = 'value-';

function blobName(id: string): string {
  return blobPrefix + id;
}

function refOf({ name, digest, bytes, chunks }: BlobEntry): BlobRef {
  return { name, digest, bytes, chunks };
}

/**
 * Whether a blob was stored for this key. A tenant with a NATS credential of its own writes the records of its keys
 * itself, and could otherwise name the blob of another tenant in them, to read it or to have it removed.
 */
function isOfKey(key: string, entry: BlobEntry | undefined): entry is BlobEntry {
  return entry?.metadata['key'] === key;
}

function undefinedIfRemoved(error: unknown): undefined {
  if (error instanceof BlobDamagedError && error.reason === 'removed') return undefined;
  throw error;
}
