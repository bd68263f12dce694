import type { MemoryEvent } from './memory-event.ts';
import type { Policy } from './policy.ts';
import type { MemoryContent } from './memory-content.ts';
import type { Json } from './crdt/json.ts';
import type { Scope } from './scope.ts';

/**
 * The replicated memory of the cluster, as one node reaches it: values by key in scopes of a tenant, kept in JetStream,
 * with a local cache that follows the changes of all nodes. Made by `startMemory`.
 *
 * Every change is a compare-and-set, so that an acknowledged write is never lost to a concurrent one without an event.
 */
export interface Memory {
  /**
   * The values of one scope of a tenant.
   *
   * @throws InvalidArgumentError for a tenant that is no token
   */
  scope(tenant: string, scope: Scope): MemoryScope;
  /** Bytes of the largest value that can be put. */
  readonly maxValueBytes: number;
  /** Facts for status and metrics. */
  readonly stats: MemoryStats;
  /** Calls `listener` for every event of every tenant; returns the unsubscriber. */
  onEvent(listener: (event: MemoryEvent) => void): () => void;
  /** Ends the watches. Operations under way still end. */
  close(): void;
}

/** The values of one scope. Every function throws `InvalidArgumentError` for a key that is none. */
export interface MemoryScope {
  /**
   * Reads a key; undefined where it has no value.
   *
   * @throws StoreUnavailableError
   */
  get(key: string, options?: ReadOptions): Promise<MemoryRead | undefined>;
  /**
   * As `get`, with the value in parts that are read while they are consumed: a large value is never in memory as a
   * whole.
   */
  open(key: string, options?: ReadOptions): Promise<MemoryReading | undefined>;
  /**
   * Sets a key. A value that does not fit into a record is stored as a blob first; such a value cannot be merged.
   *
   * @throws MemoryLimitError, UploadTimeoutError nothing was written
   * @throws WriteUnknownError it may have been written
   * @throws StoreUnavailableError nothing was written
   */
  put(key: string, value: MemoryContent, options?: MemoryPutOptions): Promise<PutResult>;
  /** Removes a key. @throws as `put` */
  remove(key: string, options?: RemoveOptions): Promise<RemoveResult>;
  /**
   * Changes a CRDT by operations, all of them or none.
   *
   * @throws as `put`; InvalidArgumentError for an operation that the CRDT does not have
   */
  operate(key: string, operations: readonly unknown[], options?: OperateOptions): Promise<OperateResult>;
  /**
   * Makes up to 1,000 changes of different keys, all of them or none. Each value must fit into a record.
   *
   * @throws as `put`
   */
  batch(changes: readonly MemoryChange[]): Promise<BatchResult>;
  /** Keys with a value, sorted by their UTF-16 code units. Not a snapshot. @throws StoreUnavailableError */
  list(options?: ListOptions): Promise<MemoryPage>;
  /** Calls `listener` for every event of the scope; returns the unsubscriber. */
  watch(listener: (event: MemoryEvent) => void, options?: { readonly prefix?: string }): () => void;
}

/**
 * `cached`: the value that this node holds, which may be as old as `ageMs` · `leader`: asks the leader of the bucket,
 * which may be deposed without knowing it in a fault of NATS · `fresh`: as `leader`, and proves by a write that the
 * value was current during the read.
 */
export type ReadLevel = 'cached' | 'leader' | 'fresh';

/** How a key is read. */
export interface ReadOptions {
  /** @default 'leader' */
  readonly level?: ReadLevel;
  /** Oldest knowledge that a `cached` read may use; an older one asks the leader. @default any */
  readonly maxAgeMs?: number;
}

/** A value. */
export interface MemoryEntry {
  readonly key: string;
  /** Must not be changed. Of a CRDT: its value as JSON. */
  readonly value: Uint8Array;
  /** Only grows, over all keys of all scopes. */
  readonly revision: number;
  readonly contentType: string;
  readonly policy: Policy;
  /** By the server's wall clock. */
  readonly changedAtMs: number;
  readonly expiresAtMs: number | undefined;
}

/** A value that was read. */
export interface MemoryRead extends MemoryEntry {
  /** The level that answered: `leader` for a `cached` read of a key that was not cached. */
  readonly level: ReadLevel;
  /** Milliseconds since the value was known to be current; 0 except for `cached`. */
  readonly ageMs: number;
}

/** A value that is read in parts. */
export interface MemoryReading extends Omit<MemoryRead, 'value'> {
  readonly bytes: number;
  /**
   * In order. A large value is checked by its digest after the last part.
   *
   * @throws BlobDamagedError after, or instead of, the last part; also when the key was set or removed meanwhile
   */
  readonly parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** How a key is set. */
export interface MemoryPutOptions {
  /** @default 'application/octet-stream' */
  readonly contentType?: string;
  /** Fixed by the first write. @default that of the key, `reject` for a new one */
  readonly policy?: string;
  /** The key is removed after this time, at least 1_000, in whole seconds. @default never */
  readonly ttlMs?: number;
  /** Only if the key has this revision; 0: only if it has no value. */
  readonly ifRevision?: number;
  /** Only if the key has a value. Not together with `ifRevision`. @default false */
  readonly ifExists?: boolean;
}

/** Which state a key must have to be removed. */
export type RemoveOptions = Pick<MemoryPutOptions, 'ifRevision' | 'ifExists'>;

/** How operations are applied. */
export interface OperateOptions {
  /** Creates the key where it has no value. @default such a key is not found */
  readonly policy?: string;
  readonly ttlMs?: number;
}

/** One change of a batch. */
export type MemoryChange =
  | ({ readonly kind: 'put'; readonly key: string; readonly value: Uint8Array } & MemoryPutOptions)
  | ({ readonly kind: 'remove'; readonly key: string } & RemoveOptions);

/** Why a change was refused. Nothing was written. */
export type MemoryRefusal =
  /** `revision`: the present one; 0 where the key has no value. */
  | { readonly kind: 'revision-mismatch'; readonly revision: number }
  | { readonly kind: 'policy-mismatch'; readonly policy: Policy }
  | { readonly kind: 'merge-failed'; readonly policy: Policy; readonly reason: string };

/** What became of a put. */
export type PutResult =
  | { readonly kind: 'written'; readonly revision: number; readonly isCreated: boolean }
  /** `last-writer` only: of concurrent writes, one with a later stamp is stored. */
  | { readonly kind: 'superseded'; readonly revision: number }
  | MemoryRefusal;

/** What became of a removal; `removed` also where the key had no value. */
export type RemoveResult = { readonly kind: 'removed' } | MemoryRefusal;

/** What became of operations; `value` is the one afterwards. */
export type OperateResult =
  | { readonly kind: 'written'; readonly revision: number; readonly isCreated: boolean; readonly value: Json }
  | { readonly kind: 'not-found' }
  | MemoryRefusal;

/** What became of a batch. */
export type BatchResult =
  /** By the order of the changes; 0 for a removal. */
  | { readonly kind: 'written'; readonly revisions: readonly number[] }
  | ({ readonly key: string } & MemoryRefusal);

/** Which keys are listed. */
export interface ListOptions {
  readonly prefix?: string;
  /** The `cursor` of the page before. */
  readonly cursor?: string;
  /** Most keys of the page, 1 to 1_000. @default 100 */
  readonly limit?: number;
}

/** Keys of a scope, without their values. */
export interface MemoryPage {
  readonly items: readonly MemoryItem[];
  /** Where to go on; undefined at the end. */
  readonly cursor: string | undefined;
}

/** A key of a page. */
export interface MemoryItem {
  readonly key: string;
  readonly revision: number;
  readonly bytes: number;
  readonly expiresAtMs: number | undefined;
}

/** Facts about the memory of this node since its start. */
export interface MemoryStats {
  /** Milliseconds by which this node is behind the newest changes. */
  readonly lagMs: number;
  /** Buckets that are open, of all. */
  readonly openBuckets: number;
  readonly buckets: number;
  /** Bytes of all values in all buckets, as of the last look. */
  readonly storedBytes: number;
  /** Bytes of all values that are stored as blobs, as of the last look. */
  readonly blobBytes: number;
  /** Values that this node has stored as blobs. */
  readonly blobWrites: number;
  /** Values that this node has read from blobs. */
  readonly blobReads: number;
  /** Values that this node has moved from records into blobs, by their age. */
  readonly moved: number;
  /** Moved values that reads of this node have brought back. */
  readonly broughtBack: number;
  /** Blobs without a record that this node has removed. */
  readonly reclaimedBlobs: number;
  readonly cachedBytes: number;
  readonly cachedKeys: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly reads: number;
  readonly writes: number;
  readonly conflicts: number;
  /** Compare-and-sets that lost against another node and were made again. */
  readonly lostAttempts: number;
  /** Keys that several nodes write at the same time, as this node sees it: one node writes each of them for all. */
  readonly hotKeys: number;
  /** Changes of hot keys that another node has made for this one. */
  readonly forwarded: number;
  /** Writes whose outcome is unknown. */
  readonly unknownWrites: number;
  /** Barrier writes of `fresh` reads. */
  readonly barrierWrites: number;
  /** Times that a bucket was lost or replaced. */
  readonly resets: number;
  readonly expired: number;
}
