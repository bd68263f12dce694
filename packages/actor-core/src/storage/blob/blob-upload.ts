import type { Clock } from '../../clock.ts';
import { BlobTooLargeError, StoreUnavailableError, UploadTimeoutError } from '../../errors.ts';
import type { WriteOutcome } from '../log/decide-write.ts';
import type { BatchRecord, Log } from '../log/log.ts';
import type { RecordWriter } from '../log/record-writer.ts';
import type { BlobContent } from './blob.ts';
import type { ChunkPlaces } from './blob-description.ts';
import { type BlobLimits, blobLog, chunkBytes, chunkSubject, uploadSubject } from './blob-spec.ts';
import { ContentHash } from './content-hash.ts';
import { decodeUploadState, uploadRecord } from './upload-record.ts';

/** Chunks of one batch: what an upload holds in memory. */
const batchChunks = 8;

/** What an upload works with. */
export interface UploadContext {
  readonly bucket: string;
  /** Identity of this upload, unique for ever. */
  readonly upload: string;
  readonly limits: BlobLimits;
  readonly log: Log;
  readonly writer: RecordWriter;
  readonly clock: Clock;
  readonly ttlMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** All chunks that are stored or about to be, and what is known of the content. */
export interface UploadedContent {
  readonly digest: string;
  readonly bytes: number;
  readonly chunks: number;
}

/**
 * Stores the chunks of one blob. The last batch of chunks and the description of the blob are accepted together: a blob
 * is visible as a whole or not at all. An upload of several batches first writes an upload record, which every batch
 * asserts. Whoever replaces that record ends the upload for good, so that no chunk is accepted after the removal of the
 * chunks. A blob of at most one batch needs no upload record: it is one write.
 */
export class BlobUpload {
  readonly #context: UploadContext;
  readonly #hash = new ContentHash();
  readonly #deadlineMs: number;
  readonly #runs: [first: number, count: number][] = [];
  /** Full chunks, and the last one, which may be partial. */
  #pending: Uint8Array[] = [];
  #partial: Uint8Array | undefined = undefined;
  #partialBytes = 0;
  #bytes = 0;
  #chunks = 0;
  /** Sequence of the upload record; undefined where none was written. */
  #begun: number | undefined = undefined;

  constructor(context: UploadContext) {
    this.#context = context;
    this.#deadlineMs = context.clock.now() + context.limits.uploadTimeoutMs;
  }

  /** Sequence of the upload record, where there is one and the blob is not committed: there are chunks to remove. */
  get begun(): number | undefined {
    return this.#begun;
  }

  /** Reads the content to its end and stores all of it but the last batch. */
  async take(content: BlobContent): Promise<UploadedContent> {
    const parts = content instanceof Uint8Array ? [content] : content;
    for await (const part of parts) await this.#add(part);
    if (this.#partial !== undefined) this.#pending.push(this.#partial.subarray(0, this.#partialBytes));
    this.#partial = undefined;
    const chunks = this.#chunks + this.#pending.length;
    return { digest: this.#hash.digest(), bytes: this.#bytes, chunks };
  }

  /**
   * Writes the last batch with the records that make the blob visible; the description is the last of them.
   *
   * @throws UploadTimeoutError this upload was ended by another process
   */
  async commit(describe: (places: ChunkPlaces) => readonly BatchRecord[]): Promise<WriteOutcome> {
    this.#check();
    const commits = this.#commitRecords();
    // `before` depends on how many records follow the chunks, which the caller's function knows.
    const count = this.#pending.length;
    const others = describe({ runs: this.#runs, tail: [0, count] }).length;
    const before = count + commits.length + others - 1;
    const described = describe({ runs: this.#runs, tail: [before, count] });
    const records = [...this.#pending.map((chunk) => this.#chunkRecord(chunk)), ...commits, ...described];
    const outcome = await this.#context.writer.writeBatch(this.#log, records);
    if (outcome.kind === 'rejected') await this.#requireOwnRecord();
    else this.#begun = undefined;
    return outcome;
  }

  async #add(part: Uint8Array): Promise<void> {
    this.#bytes += part.length;
    const { bucket, limits } = this.#context;
    if (this.#bytes > limits.maxBlobBytes) throw new BlobTooLargeError(bucket, limits.maxBlobBytes);
    this.#hash.add(part);
    for (let at = 0; at < part.length; ) {
      if (this.#pending.length === batchChunks) await this.#flush();
      this.#partial ??= new Uint8Array(chunkBytes);
      const taken = part.subarray(at, at + chunkBytes - this.#partialBytes);
      this.#partial.set(taken, this.#partialBytes);
      this.#partialBytes += taken.length;
      at += taken.length;
      if (this.#partialBytes === chunkBytes) this.#completeChunk(this.#partial);
    }
    this.#check();
  }

  #completeChunk(chunk: Uint8Array): void {
    this.#pending.push(chunk);
    this.#partial = undefined;
    this.#partialBytes = 0;
  }

  async #flush(): Promise<void> {
    this.#check();
    this.#begun ??= await this.#begin();
    const records = this.#pending.map((chunk) => this.#chunkRecord(chunk));
    const first = records[0] as BatchRecord;
    records[0] = { ...first, expect: { subject: this.#uploadSubject, sequence: this.#begun } };
    const outcome = await this.#context.writer.writeBatch(this.#log, records);
    if (outcome.kind === 'rejected') throw new UploadTimeoutError(this.#context.bucket);
    this.#addRun(outcome.sequence - records.length + 1, records.length);
    this.#chunks += records.length;
    this.#pending = [];
  }

  #addRun(first: number, count: number): void {
    const last = this.#runs.at(-1);
    if (last !== undefined && last[0] + last[1] === first) last[1] += count;
    else this.#runs.push([first, count]);
  }

  async #begin(): Promise<number> {
    const { bucket, upload, writer } = this.#context;
    const nowhere = { subject: this.#uploadSubject, sequence: 0 };
    const outcome = await writer.write(this.#log, uploadRecord(bucket, upload, 'writing'), nowhere);
    // The identity is unique: nobody else writes this record.
    if (outcome.kind === 'rejected') throw new StoreUnavailableError(this.#log);
    return outcome.sequence;
  }

  #commitRecords(): BatchRecord[] {
    if (this.#begun === undefined) return [];
    const { bucket, upload } = this.#context;
    const expect = { subject: this.#uploadSubject, sequence: this.#begun };
    return [{ ...uploadRecord(bucket, upload, 'committed'), expect }];
  }

  #chunkRecord(payload: Uint8Array): BatchRecord {
    const { bucket, upload, ttlMs } = this.#context;
    const record = { subject: chunkSubject(bucket, upload), payload };
    return ttlMs === undefined ? record : { ...record, ttlMs };
  }

  /** A rejected commit: was it for the upload record, or for the description? */
  async #requireOwnRecord(): Promise<void> {
    if (this.#begun === undefined) return;
    const { log, bucket } = this.#context;
    const newest = await log.readLast(this.#log, this.#uploadSubject);
    if (newest === undefined || decodeUploadState(newest) !== 'writing') throw new UploadTimeoutError(bucket);
  }

  /** @throws the reason of the signal; UploadTimeoutError after the deadline */
  #check(): void {
    this.#context.signal?.throwIfAborted();
    if (this.#context.clock.now() >= this.#deadlineMs) throw new UploadTimeoutError(this.#context.bucket);
  }

  get #log(): string {
    return blobLog(this.#context.bucket);
  }

  get #uploadSubject(): string {
    return uploadSubject(this.#context.bucket, this.#context.upload);
  }
}
