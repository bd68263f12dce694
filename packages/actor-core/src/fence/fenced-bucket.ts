import type { BatchChange } from '../storage/key-value/key-value.ts';
import { bucketLog, keySubject } from '../storage/key-value/bucket-spec.ts';
import { batchRecord } from '../storage/key-value/key-record.ts';
import { createFence, type Fence, type FencedOutcome } from './fence.ts';
import type { FencedWriter } from './fenced-writer.ts';

/** Writes to a bucket under a fence that is a key of the same bucket. */
export class FencedBucket {
  readonly #name: string;
  readonly #writer: FencedWriter;

  constructor(name: string, writer: FencedWriter) {
    this.#name = name;
    this.#writer = writer;
  }

  /** The fence that the holder of a key's revision has. @throws InvalidArgumentError for revision 0 */
  fenceOf(key: string, revision: number): Fence {
    return createFence(bucketLog(this.#name), keySubject(this.#name, key), revision);
  }

  /** Makes all changes, or none, if the fence still holds. @throws as `FencedWriter.write` */
  write(fence: Fence, ...changes: readonly BatchChange[]): Promise<FencedOutcome> {
    return this.#writer.write(fence, ...changes.map((change) => batchRecord(this.#name, change)));
  }
}
