import {
  type Bucket,
  type BucketSpec,
  type NodeStorage,
  StoreUnavailableError,
} from '@drover/actor-core/durable';
import { keysBucket, type LocalNode, type Subjects } from '@drover/actor-core/cluster';
import { decodeKeyRecord, encodeKeyRecord, isNewer, type KeyRecord, maxRecordBytes } from './key-record.ts';

/** Most keys of a cluster, revoked ones included. */
export const maxKeys = 5_000;

const maxBucketBytes = 2 * maxKeys * maxRecordBytes;
/** A write is lost to another one of the same key at most this often in a row. */
const maxRounds = 5;

function bucketSpec(subjects: Subjects, nowMs: number): BucketSpec {
  return {
    name: keysBucket(subjects.cell),
    maxBytes: maxBucketBytes,
    maxValueBytes: maxRecordBytes,
    feed: subjects.feed('keys'),
    firstRevision: nowMs,
  };
}

/** The keys in the cluster's store. Every function throws `StoreUnavailableError` where the outcome is unknown. */
export class KeyStore {
  readonly #storage: NodeStorage;
  readonly #name: string;
  readonly #creates: BucketSpec | undefined;
  #bucket: Bucket | undefined;

  /** @param creates the bucket to create where there is none; undefined for a node that may not */
  constructor(storage: NodeStorage, subjects: Subjects, creates: BucketSpec | undefined) {
    this.#storage = storage;
    this.#name = keysBucket(subjects.cell);
    this.#creates = creates;
  }

  /** @throws StoreUnavailableError `store-missing` before a host has created it */
  async bucket(): Promise<Bucket> {
    this.#bucket ??= await this.#openOrCreate();
    return this.#bucket;
  }

  /** Opens the bucket again, or creates it, after the store was lost. @throws StoreUnavailableError */
  async renew(): Promise<void> {
    this.#bucket = undefined;
    await this.bucket();
  }

  /**
   * Writes a record unless the store has a newer one. Returns what the store has then.
   *
   * @throws StoreUnavailableError
   */
  async put(record: KeyRecord): Promise<KeyRecord> {
    const bucket = await this.bucket();
    for (let round = 0; round < maxRounds; round++) {
      const entry = await bucket.get(record.id);
      const stored = entry === undefined ? undefined : decodeKeyRecord(entry.value);
      if (stored !== undefined && !isNewer(record, stored)) return stored;
      const bytes = encodeKeyRecord(record);
      const outcome =
        entry === undefined
          ? await bucket.create(record.id, bytes)
          : await bucket.update(record.id, bytes, entry.revision);
      if (outcome.kind === 'written') return record;
    }
    throw new StoreUnavailableError(this.#name);
  }

  async #openOrCreate(): Promise<Bucket> {
    const { keyValue } = this.#storage;
    try {
      return await keyValue.open(this.#name);
    } catch (error) {
      if (!isMissing(error) || this.#creates === undefined) throw error;
      return keyValue.ensure(this.#creates);
    }
  }
}

/** The keys of the cluster as that node reaches them. A host creates the bucket, or a node that is told to. */
export function keyStoreOf(
  { storage, subjects, roles, clock }: LocalNode,
  { creates = roles.includes('host') }: { readonly creates?: boolean } = {},
): KeyStore {
  return new KeyStore(storage, subjects, creates ? bucketSpec(subjects, clock.wallNow()) : undefined);
}

/** Whether an error says that the store exists and has no such bucket. */
export function isMissing(error: unknown): boolean {
  return error instanceof StoreUnavailableError && error.code === 'store-missing';
}
