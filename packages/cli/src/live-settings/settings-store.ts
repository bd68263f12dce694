import {
  type Bucket,
  type BucketSpec,
  type NodeStorage,
  StoreUnavailableError,
} from '@drover/actor-core/durable';
import { type LocalNode, settingsBucket, type Subjects } from '@drover/actor-core/cluster';

/** One setting that the cluster keeps. */
export interface KeptSetting {
  readonly key: string;
  /** As it is written in a file. */
  readonly value: string;
  readonly revision: number;
  readonly changedAtMs: number;
}

const maxTextBytes = 4_096;
const maxBucketBytes = 1_048_576;

/** The bucket of the settings that may change while the cluster runs. Hosts create it; gateways read and write it. */
function settingsBucketSpec(subjects: Subjects, nowMs: number): BucketSpec {
  return {
    name: settingsBucket(subjects.cell),
    maxBytes: maxBucketBytes,
    maxValueBytes: maxTextBytes,
    feed: subjects.feed('settings'),
    firstRevision: nowMs,
  };
}

/** Reads and writes the settings. Every function throws `StoreUnavailableError` where the outcome is unknown. */
export class SettingsStore {
  readonly #storage: NodeStorage;
  readonly #name: string;
  readonly #creates: BucketSpec | undefined;
  #bucket: Bucket | undefined;

  /** @param creates the bucket to create where there is none; undefined for a node that may not */
  constructor(storage: NodeStorage, subjects: Subjects, creates: BucketSpec | undefined) {
    this.#storage = storage;
    this.#name = settingsBucket(subjects.cell);
    this.#creates = creates;
  }

  /** Whether this node may create the bucket. */
  get mayCreate(): boolean {
    return this.#creates !== undefined;
  }

  /** All settings that the cluster keeps, by key. */
  async list(): Promise<readonly KeptSetting[]> {
    const bucket = await this.bucket();
    const kept: KeptSetting[] = [];
    for await (const page of bucket.entries())
      for (const { key, value, revision, changedAtMs } of page)
        kept.push({ key, value: new TextDecoder().decode(value), revision, changedAtMs });
    return kept.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** @returns the revision */
  async set(key: string, text: string): Promise<number> {
    return (await this.bucket()).put(key, new TextEncoder().encode(text));
  }

  /** Returns each node to the value that it was started with. */
  async unset(key: string): Promise<void> {
    await (await this.bucket()).delete(key);
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

  async #openOrCreate(): Promise<Bucket> {
    const { keyValue } = this.#storage;
    try {
      return await keyValue.open(this.#name);
    } catch (error) {
      const isMissing = error instanceof StoreUnavailableError && error.code === 'store-missing';
      if (!isMissing || this.#creates === undefined) throw error;
      return keyValue.ensure(this.#creates);
    }
  }
}

/** The settings of the cluster as that node reaches them. A host creates the bucket. */
export function settingsStoreOf({ storage, subjects, roles, clock }: LocalNode): SettingsStore {
  const spec = roles.includes('host') ? settingsBucketSpec(subjects, clock.wallNow()) : undefined;
  return new SettingsStore(storage, subjects, spec);
}
