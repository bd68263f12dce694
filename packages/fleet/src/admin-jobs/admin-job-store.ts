import { adminJobsBucket, type LocalNode } from '@drover/actor-core/cluster';
import { type Bucket, type BucketSpec, StoreUnavailableError } from '@drover/actor-core/durable';
import { InvalidArgumentError } from '@drover/actor-core';
import { type AdminJob, decodeAdminJob, encodeAdminJob, isOver, maxAdminJobBytes } from './admin-job.ts';

/** What the store needs of its node. */
export type AdminJobNode = Pick<LocalNode, 'storage' | 'subjects' | 'roles' | 'clock'>;

/** A job as it is stored. `revision` 0: there is none. */
export interface StoredJob {
  readonly job: AdminJob | undefined;
  readonly revision: number;
}

/** How long a job that is over can still be seen, milliseconds. */
const keepOverMs = 3_600_000;
const maxBucketBytes = 32 * 1024 * 1024;

/**
 * The bucket of the admin jobs. Hosts create it; gateways write to it. Every function throws `StoreUnavailableError`
 * where the outcome is unknown.
 */
export class AdminJobStore {
  readonly #node: AdminJobNode;
  #bucket: Bucket | undefined;

  constructor(node: AdminJobNode) {
    this.#node = node;
  }

  /** @throws StoreUnavailableError `store-missing` before a host has created it */
  async bucket(): Promise<Bucket> {
    this.#bucket ??= await this.#openOrCreate();
    return this.#bucket;
  }

  /** Opens the bucket again, or creates it, after the store was lost. */
  async renew(): Promise<void> {
    this.#bucket = undefined;
    await this.bucket();
  }

  async get(key: string): Promise<StoredJob> {
    const entry = await (await this.bucket()).get(key);
    if (entry === undefined) return { job: undefined, revision: 0 };
    return { job: decodeAdminJob(entry.value), revision: entry.revision };
  }

  /** Writes where the job still has that revision; false where it has another. */
  async write(key: string, job: AdminJob, revision: number): Promise<boolean> {
    const value = encodeAdminJob(job);
    if (value.byteLength > maxAdminJobBytes)
      throw new InvalidArgumentError('request', `must not make a record above ${maxAdminJobBytes} bytes`);
    const bucket = await this.bucket();
    const options = isOver(job) ? { ttlMs: keepOverMs } : {};
    const outcome =
      revision === 0
        ? await bucket.create(key, value, options)
        : await bucket.update(key, value, revision, options);
    return outcome.kind === 'written';
  }

  async remove(key: string): Promise<void> {
    await (await this.bucket()).purge(key, { markerTtlMs: keepOverMs });
  }

  /** The jobs of one node that are not over, the oldest first. */
  async unfinishedOf(node: string): Promise<readonly AdminJob[]> {
    const jobs: AdminJob[] = [];
    for await (const page of (await this.bucket()).entries(`${node}.>`))
      for (const { value } of page) {
        const job = decodeAdminJob(value);
        if (job !== undefined && !isOver(job)) jobs.push(job);
      }
    return jobs.toSorted((a, b) => a.submittedAtMs - b.submittedAtMs);
  }

  async #openOrCreate(): Promise<Bucket> {
    const { storage, subjects, roles, clock } = this.#node;
    const name = adminJobsBucket(subjects.cell);
    try {
      return await storage.keyValue.open(name);
    } catch (error) {
      const isMissing = error instanceof StoreUnavailableError && error.code === 'store-missing';
      if (!isMissing || !roles.includes('host')) throw error;
      const spec: BucketSpec = {
        name,
        maxBytes: maxBucketBytes,
        maxValueBytes: maxAdminJobBytes,
        feed: subjects.feed('admin-jobs'),
        firstRevision: clock.wallNow(),
      };
      return storage.keyValue.ensure(spec);
    }
  }
}
