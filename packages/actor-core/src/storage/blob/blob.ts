import type { LogInfo } from '../log/log-spec.ts';
import type { BlobBucketSpec } from './blob-spec.ts';

/**
 * Large values: stored in chunks, checked by their SHA-256 digest, visible as a whole or not at all. One implementation
 * (`log-blobs.ts`) works on every `Log`; one contract suite tests it on each of them.
 *
 * The layout is that of JetStream's object store (ADR-20): `nats object ls` and `nats object get` read it.
 */
export interface Blobs {
  /**
   * Creates the bucket, or confirms that it exists and agrees with every stated field of the spec. Idempotent.
   *
   * @throws InvalidArgumentError naming the field in which an existing bucket differs
   * @throws StoreUnavailableError
   */
  ensure(spec: BlobBucketSpec): Promise<BlobBucket>;
  /**
   * A bucket that another node creates, for nodes that may not. Of the spec only the limits of the writing process and
   * `maxAgeMs` are used.
   *
   * @throws StoreUnavailableError; its code is `store-missing` where the bucket does not exist
   */
  open(spec: BlobBucketSpec): Promise<BlobBucket>;
}

/** One bucket of blobs. Every function throws `StoreUnavailableError` where the outcome is unknown. */
export interface BlobBucket {
  readonly name: string;
  /**
   * Stores an immutable blob under its digest. A blob with this content that lives long enough is not stored again.
   *
   * @throws BlobTooLargeError nothing is stored
   * @throws UploadTimeoutError nothing is stored
   */
  put(content: BlobContent, options?: PutBlobOptions): Promise<BlobRef>;
  /**
   * Stores a blob under a name, and replaces the present one: whatever it is, or only if it has the stated revision (0
   * where there must be none). Readers see the old blob or the new one.
   *
   * @throws InvalidArgumentError for a name that is not allowed
   * @throws as `put`
   */
  putNamed(
    name: string,
    content: BlobContent,
    options?: PutBlobOptions & { readonly revision?: number },
  ): Promise<BlobOutcome>;
  /** What is stored under a name; undefined where there is nothing. */
  stat(name: string): Promise<BlobEntry | undefined>;
  /**
   * A blob in one piece; undefined where there is none. Given a reference, also undefined where the name has another
   * content by now.
   *
   * @throws BlobDamagedError its content is not what was stored
   */
  get(blob: string | BlobRef): Promise<Uint8Array | undefined>;
  /** As `get`, in chunks that are read while they are consumed. */
  read(blob: string | BlobRef): Promise<BlobReading | undefined>;
  /** Removes a blob, whatever it is, or only if it has the stated revision. */
  delete(name: string, options?: { readonly revision?: number }): Promise<BlobDeletion>;
  /** All blobs, in pages. Not a snapshot. */
  entries(): AsyncIterable<readonly BlobEntry[]>;
  /**
   * Removes the chunks of uploads that ended without a blob. Runs by itself when the bucket is ensured, and with a
   * write every ten minutes. @returns number of such uploads
   */
  reclaim(): Promise<number>;
  /** Facts about the bucket's log. */
  info(): Promise<LogInfo>;
}

/** Content to store. It is read once; an error that it throws ends the upload, and nothing is stored. */
export type BlobContent = Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** How a blob is stored. */
export interface PutBlobOptions {
  /** The blob is removed after this time. Whole seconds, rounded up, at least 1_000. @default that of the bucket */
  readonly ttlMs?: number;
  /** Stored with the blob: its content type, for example. At most 16 KiB. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Ends the upload. Nothing is stored, and its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** A blob as plain data, so that a record can refer to it. */
export interface BlobRef {
  readonly name: string;
  /** SHA-256, 64 hexadecimal digits. */
  readonly digest: string;
  readonly bytes: number;
  readonly chunks: number;
}

/** A blob and how it is stored. */
export interface BlobEntry extends BlobRef {
  /** Changes with each write of this name. */
  readonly revision: number;
  /** Instant of the write by the server's wall clock, milliseconds since the epoch. */
  readonly storedAtMs: number;
  /** Instant of the wall clock from which on it counts as removed; undefined for never. */
  readonly expiresAtMs: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A blob that is read in chunks. */
export interface BlobReading {
  readonly entry: BlobEntry;
  /**
   * The content, in order. The digest is checked after the last chunk: a caller that acts on the chunks before the end
   * acts on unchecked ones.
   *
   * @throws BlobDamagedError after, or instead of, the last chunk
   */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** What became of a conditional write. */
export type BlobOutcome =
  | { readonly kind: 'written'; readonly entry: BlobEntry }
  /** Certainly not written. `actual`: the present revision; 0 where there is no blob of this name. */
  | { readonly kind: 'conflict'; readonly actual: number };

/** What became of a removal. `absent`: there is no blob of this name. */
export type BlobDeletion =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'conflict'; readonly actual: number };
