import { keptBucket, type LocalNode } from '@drover/actor-core/cluster';
import { type Bucket, StoreUnavailableError } from '@drover/actor-core/durable';
import { RequestFailure } from '../errors.ts';
import { keepBucket } from '../keys/keep-bucket.ts';
import { isMissing } from '../keys/key-store.ts';
import {
  decodeKeptRecord,
  encodeKeptRecord,
  keptKey,
  type KeptRecord,
  maxKeptRecordBytes,
} from './kept-record.ts';

const maxBucketBytes = 32 * 1024 * 1024;
/** How long the marker of a record that was removed stays. */
const markerTtlMs = 60_000;

type KeptNode = Pick<LocalNode, 'storage' | 'subjects' | 'nodeId' | 'incarnation' | 'presence' | 'log'>;

/** A record as it is stored. */
export interface StoredKept {
  readonly record: KeptRecord;
  readonly revision: number;
}

/** The claim of a request on its id. */
export interface KeptClaim {
  /** Removes the record, unless another gateway has taken the answer over. Never rejects. */
  release(): Promise<void>;
}

const noClaim: KeptClaim = { release: () => Promise.resolve() };

/**
 * The kept answers of all gateways: a record for each, in a bucket of the cluster. So an id is in use at one gateway
 * only, and the answer can be found after its gateway has ended. Without the store, answers are kept all the same; each
 * one ends with its gateway then.
 */
export class KeptRecords {
  readonly #node: KeptNode;
  #bucket: Bucket | undefined;

  constructor(node: KeptNode) {
    this.#node = node;
  }

  /**
   * Claims the id of a request for this gateway. The record of a gateway that has ended gives way.
   *
   * @throws RequestFailure 409 while another gateway keeps an answer with the id
   */
  async claim(
    requestId: string,
    facts: Omit<KeptRecord, 'v' | 'gateway' | 'incarnation'>,
  ): Promise<KeptClaim> {
    const { nodeId, incarnation, log } = this.#node;
    const record: KeptRecord = { v: 1, gateway: nodeId, incarnation, ...facts };
    if (encodeKeptRecord(record).byteLength > maxKeptRecordBytes) return noClaim;
    try {
      const revision = await this.#take(requestId, record);
      return { release: () => this.#remove(requestId, revision) };
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      log.warn({ requestId, err: error }, 'the answer is kept by this gateway alone: it cannot be recorded');
      return noClaim;
    }
  }

  /** The record of a request; undefined where there is none, or the store does not answer. */
  async find(requestId: string): Promise<StoredKept | undefined> {
    try {
      return await this.#read(requestId);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      this.#node.log.debug({ requestId, err: error }, 'the records of kept answers cannot be read');
      return undefined;
    }
  }

  /** Makes this gateway the one that has the answer. Undefined where another one was faster. */
  async takeOver(requestId: string, { record, revision }: StoredKept): Promise<KeptClaim | undefined> {
    const { nodeId, incarnation } = this.#node;
    const bucket = await this.#open();
    const value = encodeKeptRecord({ ...record, gateway: nodeId, incarnation });
    const outcome = await bucket.update(keptKey(requestId), value, revision, { ttlMs: record.ttlMs });
    if (outcome.kind !== 'written') return undefined;
    return { release: () => this.#remove(requestId, outcome.revision) };
  }

  /** Whether the gateway of a record still has the answer, as far as this node hears. */
  isServed({ gateway, incarnation }: KeptRecord): boolean {
    // This gateway itself looks into its own answers first: its record without an answer is a leftover.
    if (gateway === this.#node.nodeId) return false;
    const member = this.#node.presence.member(gateway);
    return member?.state === 'alive' && member.incarnation === incarnation;
  }

  async #take(requestId: string, record: KeptRecord): Promise<number> {
    const bucket = await this.#open();
    const { ttlMs } = record;
    const value = encodeKeptRecord(record);
    const stored = await bucket.create(keptKey(requestId), value, { ttlMs });
    if (stored.kind === 'written') return stored.revision;
    const known = await this.#read(requestId);
    if (known !== undefined && this.isServed(known.record)) throw inUse(requestId);
    const second = known
      ? await bucket.update(keptKey(requestId), value, known.revision, { ttlMs })
      : await bucket.create(keptKey(requestId), value, { ttlMs });
    if (second.kind === 'written') return second.revision;
    throw inUse(requestId);
  }

  async #read(requestId: string): Promise<StoredKept | undefined> {
    const entry = await (await this.#open()).get(keptKey(requestId));
    const record = entry && decodeKeptRecord(entry.value);
    return entry && record && { record, revision: entry.revision };
  }

  async #remove(requestId: string, revision: number): Promise<void> {
    try {
      await (await this.#open()).purge(keptKey(requestId), { revision, markerTtlMs });
    } catch (error) {
      // The record ends with its time to live.
      this.#node.log.debug({ requestId, err: error }, 'the record of a kept answer cannot be removed');
    }
  }

  async #open(): Promise<Bucket> {
    const { storage, subjects } = this.#node;
    try {
      this.#bucket ??= await storage.keyValue.open(keptBucket(subjects.cell));
      return this.#bucket;
    } catch (error) {
      this.#bucket = undefined;
      throw error;
    }
  }
}

function inUse(requestId: string): RequestFailure {
  return new RequestFailure(409, 'request-id-in-use', `another request has the id ${requestId}`);
}

/** Keeps the bucket of the kept requests, as `keepBucket`. */
export function keepKeptBucket(node: LocalNode): () => void {
  const { storage, subjects, clock } = node;
  const name = keptBucket(subjects.cell);
  const create = (error: unknown): Promise<Bucket> => {
    if (!isMissing(error)) throw error;
    const firstRevision = clock.wallNow();
    const spec = { name, maxBytes: maxBucketBytes, maxValueBytes: maxKeptRecordBytes, firstRevision };
    return storage.keyValue.ensure(spec);
  };
  return keepBucket(node, 'kept answers', () => storage.keyValue.open(name).catch(create));
}
