import type { ResetReason } from '../log/decide-watch.ts';
import type { LogInfo } from '../log/log-spec.ts';
import type { BucketSpec } from './bucket-spec.ts';

/**
 * Buckets of values by key, with compare-and-set on the revision of a key. One implementation (`log-key-value.ts`)
 * works on every `Log`; one contract suite tests it on each of them.
 *
 * Revisions are sequences of the bucket's log: they only grow, over all keys. A read never authorises (see `Log`).
 */
export interface KeyValue {
  /**
   * Creates the bucket, or confirms that it exists and agrees with every stated field of the spec. Idempotent.
   *
   * @throws InvalidArgumentError naming the field in which an existing bucket differs
   * @throws StoreUnavailableError
   */
  ensure(spec: BucketSpec): Promise<Bucket>;
  /**
   * A bucket that another node has created. For nodes that may not create it.
   *
   * @throws StoreUnavailableError; its code is `store-missing` where the bucket does not exist
   */
  open(name: string): Promise<Bucket>;
}

/** One bucket. Every function throws `StoreUnavailableError` where the outcome is unknown. */
export interface Bucket {
  readonly name: string;
  /** Reads a key from the leader; undefined where it has no value. */
  get(key: string): Promise<KeyEntry | undefined>;
  /** Sets a key, whatever value it has. A write without `ttlMs` ends an earlier time to live. @returns the revision */
  put(key: string, value: Uint8Array, options?: PutOptions): Promise<number>;
  /** Sets a key that has no value. */
  create(key: string, value: Uint8Array, options?: PutOptions): Promise<KeyOutcome>;
  /** Sets a key whose revision still is the given one. */
  update(key: string, value: Uint8Array, revision: number, options?: PutOptions): Promise<KeyOutcome>;
  /**
   * Removes a key, whatever value it has, or only if its revision still is the given one. A marker stays for watchers.
   */
  delete(key: string, options?: { readonly revision?: number }): Promise<KeyOutcome>;
  /** As `delete`, and removes the history. `markerTtlMs`: how long the marker stays. @default for ever */
  purge(
    key: string,
    options?: { readonly revision?: number; readonly markerTtlMs?: number },
  ): Promise<KeyOutcome>;
  /** Makes all changes, at most 1_000, or none. The revision is that of the last one. */
  batch(changes: readonly BatchChange[]): Promise<KeyOutcome>;
  /** Keys with a value under a filter (`*` and a last `>` are wildcards), in pages. Not a snapshot. @default all */
  entries(filter?: string): AsyncIterable<readonly KeyEntry[]>;
  /** Reports every change under a filter, in order. @throws InvalidArgumentError for a bucket without a feed */
  watch(options: BucketWatchOptions): Promise<BucketWatch>;
  /** Facts about the bucket's log. */
  info(): Promise<LogInfo>;
}

/** A key with its value. */
export interface KeyEntry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: number;
  /** Instant of the last write by the server's wall clock, milliseconds since the epoch. */
  readonly changedAtMs: number;
}

/** A change of a key. Only `put` has a value. `expired`: the time to live is over. */
export interface KeyChange extends KeyEntry {
  readonly kind: 'put' | 'deleted' | 'purged' | 'expired';
}

/** What became of a conditional write. */
export type KeyOutcome =
  | { readonly kind: 'written'; readonly revision: number }
  /** Certainly not written. `actual`: revision of the key, where the server reports it. */
  | { readonly kind: 'conflict'; readonly actual: number | undefined };

/** How a value is set. */
export interface PutOptions {
  /** The key is removed after this time, in whole seconds, at least 1_000. Only in a bucket with a history of 1. */
  readonly ttlMs?: number;
}

/** One change of a batch. `revision`: the one that the key must still have; 0 where it must have none. */
export type BatchChange =
  | {
      readonly kind: 'put';
      readonly key: string;
      readonly value: Uint8Array;
      readonly revision?: number;
      readonly ttlMs?: number;
    }
  | { readonly kind: 'delete' | 'purge'; readonly key: string; readonly revision?: number };

/** What a watch of a bucket reports, and to which functions. */
export interface BucketWatchOptions {
  /** @default all keys */
  readonly filter?: string;
  /** First revision that is reported. @default every change that is still kept */
  readonly fromRevision?: number;
  /** As in `WatchOptions`. @default 3_000 */
  readonly watchdogMs?: number;
  /** A change, in order, each once. Must not throw. */
  readonly onChange: (change: KeyChange) => void;
  /**
   * Everything that was in the bucket at some instant after the start was reported. Called once, and after each reset.
   */
  readonly onCaughtUp?: () => void;
  /** All changes reported so far are void: the bucket starts from the beginning, and its keys follow. */
  readonly onReset?: (reason: ResetReason) => void;
}

/** A watch that runs until it is closed. */
export interface BucketWatch {
  /** Every change below this revision was reported. */
  readonly next: number;
  /** Ends the watch. Nothing is reported afterwards. */
  close(): void;
}
