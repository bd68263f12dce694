import type { BlobBucket, BlobEntry } from '../storage/blob/blob.ts';
import { intentKeyOf } from './large-values.ts';
import type { MemoryBucket } from './memory-bucket.ts';

/** Names of orphans that one round remembers for the next one. */
const maxSuspects = 10_000;

/**
 * Removes the blobs of memory to which no record refers: those of values that were replaced, removed or not written.
 *
 * A blob is removed only if two rounds found it to be an orphan, so that a read of a value that was just replaced can
 * end. What the reads of a round show is proven by barrier writes: first that the blob has no intent, so that no record
 * can refer to it any more, then that the record of its key does not refer to it.
 */
export class BlobReclaim {
  readonly #bucket: MemoryBucket;
  #suspects: ReadonlySet<string> = new Set();

  constructor(bucket: MemoryBucket) {
    this.#bucket = bucket;
  }

  /** One round. @returns number of blobs that were removed. @throws StoreUnavailableError */
  async run(blobs: BlobBucket, signal: AbortSignal): Promise<number> {
    const orphans = new Set<string>();
    let removed = 0;
    for await (const page of blobs.entries()) {
      for (const entry of page) {
        signal.throwIfAborted();
        if (!(await this.#isOrphan(entry))) continue;
        if (!this.#suspects.has(entry.name)) {
          if (orphans.size < maxSuspects) orphans.add(entry.name);
          continue;
        }
        const outcome = await blobs.delete(entry.name, { revision: entry.revision });
        if (outcome.kind === 'deleted') removed++;
      }
    }
    this.#suspects = orphans;
    return removed;
  }

  async #isOrphan({ name, metadata }: BlobEntry): Promise<boolean> {
    const { key } = metadata;
    const intent = intentKeyOf(name);
    // Somebody else's blob.
    if (key === undefined || intent === undefined) return false;
    if (await this.#isReferred(key, name, false)) return false;
    if ((await this.#bucket.fresh(intent)).kind === 'value') return false;
    return !(await this.#isReferred(key, name, true));
  }

  async #isReferred(key: string, name: string, isProven: boolean): Promise<boolean> {
    const stored = await (isProven ? this.#bucket.fresh(key) : this.#bucket.read(key));
    return stored.meta.blob?.name === name;
  }
}
