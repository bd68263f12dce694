import type { Clock } from '../../clock.ts';
import { BlobDamagedError, StoreUnavailableError } from '../../errors.ts';
import type { Random } from '../../random.ts';
import type { BatchRecord, Log, LogRecord } from '../log/log.ts';
import type { LogInfo } from '../log/log-spec.ts';
import type { RecordWriter } from '../log/record-writer.ts';
import type {
  BlobBucket,
  BlobContent,
  BlobDeletion,
  BlobEntry,
  BlobOutcome,
  BlobReading,
  BlobRef,
  Blobs,
  PutBlobOptions,
} from './blob.ts';
import {
  type BlobDescription,
  type ChunkPlaces,
  decodeDescription,
  encodeDescription,
  encodeRemoval,
} from './blob-description.ts';
import { BlobGarbage } from './blob-garbage.ts';
import { checkMetadata, expiryOf, livesLongEnough } from './blob-options.ts';
import { readBlob } from './blob-reader.ts';
import {
  type BlobBucketSpec,
  type BlobLimits,
  blobLimits,
  blobLog,
  blobLogSpec,
  chunkBytes,
  descriptionSubject,
  nameOfDigest,
  requireBlobName,
} from './blob-spec.ts';
import { joinBlob } from './join-blob.ts';
import { ContentHash } from './content-hash.ts';
import { BlobUpload, type UploadedContent } from './blob-upload.ts';
import { uploadRecord } from './upload-record.ts';

/** What `LogBlobs` work with. */
export interface LogBlobsOptions {
  readonly log: Log;
  readonly writer: RecordWriter;
  readonly clock: Clock;
  readonly random: Random;
}

/** Attempts to replace or to read a blob that others replace meanwhile. */
const maxAttempts = 8;
const reclaimEveryMs = 600_000;
/** How long the description of a removed blob stays. */
const removalTtlMs = 60_000;

/** Blobs that are records of a log: chunks, and one description for each name. */
export class LogBlobs implements Blobs {
  readonly #options: LogBlobsOptions;

  constructor(options: LogBlobsOptions) {
    this.#options = options;
  }

  async ensure(spec: BlobBucketSpec): Promise<BlobBucket> {
    const limits = blobLimits(spec);
    await this.#options.log.ensure(blobLogSpec(spec));
    const bucket = new LogBlobBucket(spec.name, limits, this.#options);
    await bucket.reclaim().catch(() => 0);
    return bucket;
  }

  async open(spec: BlobBucketSpec): Promise<BlobBucket> {
    const limits = blobLimits(spec);
    await this.#options.log.info(blobLog(spec.name));
    return new LogBlobBucket(spec.name, limits, this.#options);
  }
}

/** The newest description of a name, and the sequence that a change of it asserts. */
interface Present {
  readonly sequence: number;
  /** Undefined where there is no blob. */
  readonly description: BlobDescription | undefined;
  /** The chunks of an expired blob go with the blob that replaces it. */
  readonly expired: BlobDescription | undefined;
}

/** A blob that is to be made visible. */
interface Publication {
  readonly name: string;
  readonly content: UploadedContent;
  readonly options: PutBlobOptions;
  readonly upload: string;
  readonly expiresAtMs: number | undefined;
}

class LogBlobBucket implements BlobBucket {
  readonly name: string;
  readonly #logName: string;
  readonly #limits: BlobLimits;
  readonly #options: LogBlobsOptions;
  readonly #garbage: BlobGarbage;
  #reclaimedAtMs: number;

  constructor(name: string, limits: BlobLimits, options: LogBlobsOptions) {
    this.name = name;
    this.#logName = blobLog(name);
    this.#limits = limits;
    this.#options = options;
    this.#garbage = new BlobGarbage(name, limits.uploadTimeoutMs, options);
    this.#reclaimedAtMs = options.clock.now();
  }

  async put(content: BlobContent, options: PutBlobOptions = {}): Promise<BlobRef> {
    const stored = content instanceof Uint8Array ? await this.#find(content, options) : undefined;
    if (stored !== undefined) return stored;
    const outcome = await this.#store(content, options, ({ digest }) => nameOfDigest(digest), undefined);
    if (outcome.kind === 'written') return outcome.entry;
    // Others stored and removed the same content all the time.
    throw new StoreUnavailableError(this.#logName);
  }

  putNamed(
    name: string,
    content: BlobContent,
    options: PutBlobOptions & { readonly revision?: number } = {},
  ): Promise<BlobOutcome> {
    requireBlobName(name);
    return this.#store(content, options, () => name, options.revision);
  }

  async stat(name: string): Promise<BlobEntry | undefined> {
    return (await this.#present(name)).description?.entry;
  }

  async get(blob: string | BlobRef): Promise<Uint8Array | undefined> {
    for (let attempt = 1; ; attempt++) {
      const reading = await this.read(blob);
      if (reading === undefined) return undefined;
      try {
        return await joinBlob(reading);
      } catch (error) {
        const isReplaced = error instanceof BlobDamagedError && error.reason === 'removed';
        if (!isReplaced || attempt === maxAttempts) throw error;
      }
    }
  }

  async read(blob: string | BlobRef): Promise<BlobReading | undefined> {
    const name = typeof blob === 'string' ? blob : blob.name;
    const { description } = await this.#present(name);
    if (description === undefined) return undefined;
    if (typeof blob !== 'string' && blob.digest !== description.entry.digest) return undefined;
    return { entry: description.entry, chunks: this.#chunks(description) };
  }

  async delete(name: string, { revision }: { readonly revision?: number } = {}): Promise<BlobDeletion> {
    for (let attempt = 1; ; attempt++) {
      const { sequence, description } = await this.#present(name);
      const actual = description === undefined ? 0 : sequence;
      if (revision !== undefined && revision !== actual) return { kind: 'conflict', actual };
      if (description === undefined) return { kind: 'absent' };
      const { upload } = description;
      const outcome = await this.#options.writer.writeBatch(this.#logName, [
        uploadRecord(this.name, upload, 'garbage'),
        {
          subject: descriptionSubject(this.name, name),
          payload: encodeRemoval(this.name, name, upload),
          replacesSubject: true,
          ttlMs: removalTtlMs,
          expect: { subject: descriptionSubject(this.name, name), sequence },
        },
      ]);
      if (outcome.kind === 'written') {
        await this.#garbage.tryRemove(upload);
        return { kind: 'deleted' };
      }
      if (attempt === maxAttempts) return { kind: 'conflict', actual: outcome.actual ?? sequence };
    }
  }

  async *entries(): AsyncGenerator<readonly BlobEntry[]> {
    const pattern = `${descriptionSubject(this.name, '')}>`;
    for await (const page of this.#options.log.readAllLast(this.#logName, pattern)) {
      const entries = page.flatMap((record) => this.#live(record).description?.entry ?? []);
      if (entries.length > 0) yield entries;
    }
  }

  reclaim(): Promise<number> {
    this.#reclaimedAtMs = this.#options.clock.now();
    return this.#garbage.reclaim();
  }

  info(): Promise<LogInfo> {
    return this.#options.log.info(this.#logName);
  }

  async #store(
    content: BlobContent,
    options: PutBlobOptions,
    nameOf: (content: UploadedContent) => string,
    revision: number | undefined,
  ): Promise<BlobOutcome> {
    checkMetadata(options);
    await this.#maybeReclaim();
    const { log, writer, clock, random } = this.#options;
    const { ttlMs, signal } = options;
    const context = { bucket: this.name, upload: random.id(), limits: this.#limits, log, writer, clock };
    const upload = new BlobUpload({ ...context, ttlMs, signal });
    const expiresAtMs = expiryOf(clock.wallNow(), this.#limits.maxAgeMs, ttlMs);
    try {
      const taken = await upload.take(content);
      const publication = {
        name: nameOf(taken),
        content: taken,
        options,
        upload: context.upload,
        expiresAtMs,
      };
      return await this.#publish(upload, publication, revision);
    } finally {
      if (upload.begun !== undefined) await this.#garbage.abandon(context.upload, upload.begun);
    }
  }

  /** Whether content in memory is stored already: then nothing needs to be sent. */
  async #find(content: Uint8Array, { ttlMs }: PutBlobOptions): Promise<BlobEntry | undefined> {
    const hash = new ContentHash();
    hash.add(content);
    const entry = await this.stat(nameOfDigest(hash.digest()));
    const nowMs = this.#options.clock.wallNow();
    const wantedMs = expiryOf(nowMs, this.#limits.maxAgeMs, ttlMs);
    return entry !== undefined && livesLongEnough(entry.expiresAtMs, wantedMs, nowMs) ? entry : undefined;
  }

  /** Makes the blob visible, in place of the present one. */
  async #publish(
    upload: BlobUpload,
    publication: Publication,
    revision: number | undefined,
  ): Promise<BlobOutcome> {
    for (let attempt = 1; ; attempt++) {
      const present = await this.#present(publication.name);
      const actual = present.description === undefined ? 0 : present.sequence;
      if (revision !== undefined && revision !== actual) return { kind: 'conflict', actual };
      const reused =
        revision === undefined ? reusable(present, publication, this.#options.clock.wallNow()) : undefined;
      if (reused !== undefined) return { kind: 'written', entry: reused };
      const replaced = present.description ?? present.expired;
      const outcome = await upload.commit((places) =>
        this.#records(publication, places, present.sequence, replaced),
      );
      if (outcome.kind === 'written') {
        if (replaced !== undefined) await this.#garbage.tryRemove(replaced.upload);
        return { kind: 'written', entry: this.#entryOf(publication, outcome.sequence) };
      }
      if (attempt === maxAttempts) return { kind: 'conflict', actual: outcome.actual ?? actual };
    }
  }

  #records(
    { name, content, options, upload, expiresAtMs }: Publication,
    places: ChunkPlaces,
    sequence: number,
    replaced: BlobDescription | undefined,
  ): BatchRecord[] {
    const subject = descriptionSubject(this.name, name);
    const { metadata, ttlMs } = options;
    const described = {
      bucket: this.name,
      name,
      upload,
      ...content,
      chunkBytes,
      metadata,
      expiresAtMs,
      places,
    };
    const record: BatchRecord = {
      subject,
      payload: encodeDescription(described),
      replacesSubject: true,
      expect: { subject, sequence },
      ...(ttlMs === undefined ? {} : { ttlMs }),
    };
    return replaced === undefined ? [record] : [uploadRecord(this.name, replaced.upload, 'garbage'), record];
  }

  #entryOf({ name, content, options, expiresAtMs }: Publication, revision: number): BlobEntry {
    const storedAtMs = this.#options.clock.wallNow();
    return { name, ...content, revision, storedAtMs, expiresAtMs, metadata: options.metadata ?? {} };
  }

  async *#chunks(description: BlobDescription): AsyncGenerator<Uint8Array> {
    try {
      yield* readBlob(this.#options.log, this.name, description);
    } catch (error) {
      if (!(error instanceof BlobDamagedError)) throw error;
      // Chunks of a blob that was replaced or removed during the read are gone: that is no damage.
      const now = await this.#present(description.entry.name);
      if (now.description?.upload === description.upload) throw error;
      throw new BlobDamagedError(this.name, description.entry.name, 'removed', { cause: error });
    }
  }

  async #present(name: string): Promise<Present> {
    const record = await this.#options.log.readLast(this.#logName, descriptionSubject(this.name, name));
    return record === undefined ? nothing : this.#live(record);
  }

  #live(record: LogRecord): Present {
    const { sequence } = record;
    const description = decodeDescription(record);
    const { expiresAtMs = Infinity } = description?.entry ?? {};
    return this.#options.clock.wallNow() < expiresAtMs
      ? { sequence, description, expired: undefined }
      : { sequence, description: undefined, expired: description };
  }

  async #maybeReclaim(): Promise<void> {
    if (this.#options.clock.now() < this.#reclaimedAtMs + reclaimEveryMs) return;
    await this.reclaim().catch(() => 0);
  }
}

const nothing: Present = { sequence: 0, description: undefined, expired: undefined };

/** The present blob, where it has the content that is to be stored, under its digest, and lives long enough. */
function reusable(present: Present, publication: Publication, wallNowMs: number): BlobEntry | undefined {
  const entry = present.description?.entry;
  if (entry === undefined || publication.name !== nameOfDigest(entry.digest)) return undefined;
  return livesLongEnough(entry.expiresAtMs, publication.expiresAtMs, wallNowMs) ? entry : undefined;
}
