import { type LocalNode, type Subjects, usageBucket } from '@drover/actor-core/cluster';
import type { Bucket, BucketSpec, NodeStorage } from '@drover/actor-core/durable';
import { keepThere } from '../quota/keep-there.ts';
import { decodeRows, encodeRows, type UsageRow } from './usage-row.ts';

export const hourMs = 3_600_000;
export const hoursOfDay = 24;
const maxAgeMs = 400 * hoursOfDay * hourMs;
const maxBytes = 256 * 1024 * 1024;
/** Rows of one record: about 100 bytes each. */
export const pageRows = 1_000;
const maxValueBytes = 900_000;

function bucketSpec({ cell }: Subjects, nowMs: number): BucketSpec {
  return { name: usageBucket(cell), maxAgeMs, maxBytes, maxValueBytes, firstRevision: nowMs };
}

/** Creates the bucket of the usage. For hosts. @returns the function that ends it */
export function keepUsageBucket(node: LocalNode): () => void {
  const { storage, subjects, clock } = node;
  return keepThere(node, 'the bucket of the usage', () =>
    storage.keyValue.ensure(bucketSpec(subjects, clock.wallNow())),
  );
}

/** Which part of the usage a record has. */
export interface UsagePage {
  /** Hours since the epoch. */
  readonly hour: number;
  /** The run of a gateway that counted it, and which of its pages. */
  readonly node: string;
  readonly run: string;
  readonly page: number;
}

/** A part of the usage that was read. */
export interface ReadUsage extends UsagePage {
  readonly rows: readonly UsageRow[];
}

/** The usage in the cluster's store. Every function throws `StoreUnavailableError` where the store does not answer. */
export class UsageStore {
  readonly #storage: Pick<NodeStorage, 'keyValue'>;
  readonly #name: string;
  #bucket: Bucket | undefined;

  constructor(storage: Pick<NodeStorage, 'keyValue'>, subjects: Subjects) {
    this.#storage = storage;
    this.#name = usageBucket(subjects.cell);
  }

  /** Replaces what that run counted in that hour: writing twice changes nothing. */
  async put({ hour, node, run, page }: UsagePage, rows: readonly UsageRow[]): Promise<void> {
    const bucket = await this.#open();
    await bucket.put(`${dayOf(hour)}.${hour}.${node}.${run}.${page}`, encodeRows(rows));
  }

  /** All pages of a day, in no order. @param day days since the epoch */
  async *day(day: number): AsyncGenerator<ReadUsage> {
    const bucket = await this.#open();
    for await (const entries of bucket.entries(`${day}.>`)) {
      for (const { key, value } of entries) {
        const [, hour = '', node = '', run = '', page = ''] = key.split('.');
        yield { hour: Number(hour), node, run, page: Number(page), rows: decodeRows(value) };
      }
    }
  }

  async #open(): Promise<Bucket> {
    this.#bucket ??= await this.#storage.keyValue.open(this.#name);
    return this.#bucket;
  }
}

export function dayOf(hour: number): number {
  return Math.floor(hour / hoursOfDay);
}
