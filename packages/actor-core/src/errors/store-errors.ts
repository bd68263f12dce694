import { DroverError } from './drover-error.ts';

/**
 * A durable write was refused because a newer fencing token exists: the writer is no longer the leader and must stop.
 */
export class FenceRejectedError extends DroverError {
  readonly code = 'fence-rejected';
  readonly stream: string;
  readonly fence: number;
  constructor(stream: string, fence: number, options?: ErrorOptions) {
    super(`fence ${fence} of ${stream} is no longer the newest`, options);
    this.stream = stream;
    this.fence = fence;
  }
}

/**
 * `store-unavailable`: JetStream does not answer · `store-full`: JetStream answers questions and confirms no write: the
 * disk is full, or was full since nats-server started · `store-missing`: the stream does not exist.
 */
export type StoreTrouble = 'store-unavailable' | 'store-full' | 'store-missing';

const storeMessages: Readonly<Record<StoreTrouble, (stream: string) => string>> = {
  'store-unavailable': (stream) => `JetStream did not confirm the operation on ${stream}`,
  'store-full': (stream) =>
    `JetStream answers but confirms no write to ${stream}: its disk is full, or was full since nats-server started; free disk space (\`drover up\` then restarts its nats-server, another one has to be restarted)`,
  'store-missing': (stream) =>
    `the stream ${stream} is not in JetStream: its store was deleted or replaced; restore the store, or go on with an empty one that the leader makes`,
};

/**
 * The store did not confirm the operation. The code describes the store. Whether a write has happened, or still will,
 * is unknown with every code unless `isRefused`. Read before retrying.
 */
export class StoreUnavailableError extends DroverError {
  readonly code: StoreTrouble;
  readonly stream: string;
  /** The store refused every attempt to write: nothing was written, and nothing will be. */
  readonly isRefused: boolean;
  constructor(stream: string, options?: StoreUnavailableOptions) {
    const { trouble = 'store-unavailable', isRefused = false, ...rest } = options ?? {};
    super(storeMessages[trouble](stream), rest);
    this.code = trouble;
    this.stream = stream;
    this.isRefused = isRefused;
  }
}

/** What is known about a store that did not confirm an operation. */
export interface StoreUnavailableOptions extends ErrorOptions {
  /** @default 'store-unavailable' */
  readonly trouble?: StoreTrouble;
  /** @default false */
  readonly isRefused?: boolean;
}

/** A blob has more bytes than its bucket takes. Nothing was stored; the same content is refused again. */
export class BlobTooLargeError extends DroverError {
  readonly code = 'blob-too-large';
  readonly bucket: string;
  readonly limitBytes: number;
  constructor(bucket: string, limitBytes: number, options?: ErrorOptions) {
    super(`a blob for ${bucket} has more than the ${limitBytes} bytes that are allowed`, options);
    this.bucket = bucket;
    this.limitBytes = limitBytes;
  }
}

/** An upload took longer than its bucket allows, and was ended. Nothing is visible; the caller may begin again. */
export class UploadTimeoutError extends DroverError {
  readonly code = 'upload-timeout';
  readonly bucket: string;
  constructor(bucket: string, options?: ErrorOptions) {
    super(`an upload to ${bucket} took too long and was ended`, options);
    this.bucket = bucket;
  }
}

/**
 * `missing-chunks`: parts of the content are not in the store · `wrong-digest`: the content is not what was stored ·
 * `removed`: the blob was replaced or removed while it was read; read again.
 */
export type BlobDamage = 'missing-chunks' | 'wrong-digest' | 'removed';

/** The content of a blob could not be read as it was stored. */
export class BlobDamagedError extends DroverError {
  readonly code = 'blob-damaged';
  readonly bucket: string;
  readonly blob: string;
  readonly reason: BlobDamage;
  constructor(bucket: string, blob: string, reason: BlobDamage, options?: ErrorOptions) {
    super(`the blob ${blob} of ${bucket} cannot be read: ${reason}`, options);
    this.bucket = bucket;
    this.blob = blob;
    this.reason = reason;
  }
}

/** A record of a log is not valid. The reader skips it; an operator must inspect it. */
export class RecordUnreadableError extends DroverError {
  readonly code = 'record-unreadable';
  readonly subject: string;
  constructor(subject: string, detail: string, options?: ErrorOptions) {
    super(`the record at ${subject} cannot be read: ${detail}`, options);
    this.subject = subject;
  }
}
