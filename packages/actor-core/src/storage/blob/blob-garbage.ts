import type { Clock } from '../../clock.ts';
import type { Log, LogRecord } from '../log/log.ts';
import type { RecordWriter } from '../log/record-writer.ts';
import { blobLog, chunkSubject, uploadOf, uploadSubject } from './blob-spec.ts';
import { decodeUploadState, uploadRecord } from './upload-record.ts';

/** Added to the timeout of an upload: the clocks of server and nodes do not agree exactly. */
const clockMarginMs = 60_000;

/** Removes the chunks of uploads that no blob has. */
export class BlobGarbage {
  readonly #bucket: string;
  readonly #log: Log;
  readonly #writer: RecordWriter;
  readonly #clock: Clock;
  readonly #uploadTimeoutMs: number;

  constructor(
    bucket: string,
    uploadTimeoutMs: number,
    storage: { readonly log: Log; readonly writer: RecordWriter; readonly clock: Clock },
  ) {
    this.#bucket = bucket;
    this.#uploadTimeoutMs = uploadTimeoutMs;
    this.#log = storage.log;
    this.#writer = storage.writer;
    this.#clock = storage.clock;
  }

  /**
   * Ends an own upload and removes its chunks, unless it was committed: its record is no longer that with the sequence
   * `begun` then. What cannot be done now is left for `reclaim`.
   */
  async abandon(upload: string, begun: number): Promise<void> {
    try {
      if (await this.#end(upload, begun)) await this.remove(upload);
    } catch {
      // The upload record stays, and `reclaim` finds it.
    }
  }

  /** Removes the chunks of an upload whose record says `garbage`, then that record. */
  async remove(upload: string): Promise<void> {
    const log = blobLog(this.#bucket);
    await this.#log.purge(log, { subject: chunkSubject(this.#bucket, upload) });
    await this.#log.purge(log, { subject: uploadSubject(this.#bucket, upload) });
  }

  /** As `remove`. What cannot be done now is left for `reclaim`. */
  async tryRemove(upload: string): Promise<void> {
    await this.remove(upload).catch(() => undefined);
  }

  /** Removes what failed uploads, replaced blobs and crashed processes left. @returns number of uploads */
  async reclaim(): Promise<number> {
    let removed = 0;
    const pattern = uploadSubject(this.#bucket, '*');
    for await (const page of this.#log.readAllLast(blobLog(this.#bucket), pattern))
      for (const record of page) if (await this.#reclaim(record)) removed++;
    return removed;
  }

  async #reclaim(record: LogRecord): Promise<boolean> {
    const upload = uploadOf(this.#bucket, record.subject);
    const state = decodeUploadState(record);
    if (state === 'writing' && !(await this.#endStale(upload, record))) return false;
    if (state !== 'writing' && state !== 'garbage') return false;
    await this.remove(upload);
    return true;
  }

  async #endStale(upload: string, { sequence, acceptedAtMs }: LogRecord): Promise<boolean> {
    if (this.#clock.wallNow() < acceptedAtMs + this.#uploadTimeoutMs + clockMarginMs) return false;
    return this.#end(upload, sequence);
  }

  /** From the replacement of its record on, no further chunk of the upload is accepted, and no blob made of it. */
  async #end(upload: string, sequence: number): Promise<boolean> {
    const subject = uploadSubject(this.#bucket, upload);
    const garbage = uploadRecord(this.#bucket, upload, 'garbage');
    const outcome = await this.#writer.write(blobLog(this.#bucket), garbage, { subject, sequence });
    return outcome.kind === 'written';
  }
}
