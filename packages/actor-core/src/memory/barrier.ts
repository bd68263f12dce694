import { keySubject } from '../storage/key-value/bucket-spec.ts';
import type { BatchRecord, NewRecord } from '../storage/log/log.ts';
import type { RecordWriter } from '../storage/log/record-writer.ts';

/** What a `Barrier` works with. */
export interface BarrierOptions {
  readonly writer: RecordWriter;
  /** Log and bucket that it proves reads of. */
  readonly log: string;
  readonly bucket: string;
  readonly node: string;
}

/** One key that is to be proven to have a sequence, and who waits for it. */
interface Proof {
  readonly subject: string;
  readonly sequence: number;
  readonly waiting: {
    readonly resolve: (isCurrent: boolean) => void;
    readonly reject: (error: unknown) => void;
  }[];
}

const maxProofs = 500;
const noPayload = new Uint8Array(0);

/**
 * Proves that a key still has the sequence that was read. A read alone never does: a leader that was deposed may answer
 * it. The proof is a write to the barrier key of this node, which the bucket accepts only if the sequence holds at that
 * moment. Proofs that wait at the same time are one batch.
 */
export class Barrier {
  readonly #options: BarrierOptions;
  readonly #record: NewRecord;
  /** By subject and sequence. */
  #waiting = new Map<string, Proof>();
  #isWriting = false;
  /** Barrier writes so far, for diagnosis. */
  writes = 0;

  constructor(options: BarrierOptions) {
    this.#options = options;
    this.#record = {
      // No tenant's name begins with an underscore.
      subject: keySubject(options.bucket, `_.barrier.${options.node}`),
      payload: noPayload,
    };
  }

  /**
   * True: at some moment during this call the key had exactly this sequence (0: no record). False: it had not.
   *
   * @throws StoreUnavailableError nothing is known
   */
  prove(key: string, sequence: number): Promise<boolean> {
    return new Promise<boolean>((resolve, reject) => {
      const id = `${key} ${sequence}`;
      const proof = this.#waiting.get(id);
      if (proof === undefined) {
        const subject = keySubject(this.#options.bucket, key);
        this.#waiting.set(id, { subject, sequence, waiting: [{ resolve, reject }] });
      } else proof.waiting.push({ resolve, reject });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.size > 0) {
      const proofs = [...this.#waiting.values()].slice(0, maxProofs);
      // Who asks from now on needs a write that is sent later.
      for (const key of [...this.#waiting.keys()].slice(0, maxProofs)) this.#waiting.delete(key);
      await this.#proveGroup(proofs);
    }
    this.#isWriting = false;
  }

  /** Never rejects: each proof gets its own outcome. */
  async #proveGroup(proofs: readonly Proof[]): Promise<void> {
    try {
      const holds = await this.#write(proofs);
      if (holds || proofs.length === 1) return settle(proofs, holds);
    } catch (error) {
      for (const { waiting } of proofs) for (const { reject } of waiting) reject(error);
      return;
    }
    // At least one does not hold, and the answer does not tell which.
    const half = Math.ceil(proofs.length / 2);
    await Promise.all([this.#proveGroup(proofs.slice(0, half)), this.#proveGroup(proofs.slice(half))]);
  }

  async #write(proofs: readonly Proof[]): Promise<boolean> {
    const { writer, log } = this.#options;
    this.writes++;
    const records: BatchRecord[] = proofs.map(({ subject, sequence }) => ({
      ...this.#record,
      expect: { subject, sequence },
    }));
    const [first] = records;
    const outcome =
      records.length === 1 && first !== undefined
        ? await writer.write(log, this.#record, first.expect)
        : await writer.writeBatch(log, records);
    return outcome.kind === 'written';
  }
}

function settle(proofs: readonly Proof[], isCurrent: boolean): void {
  for (const { waiting } of proofs) for (const { resolve } of waiting) resolve(isCurrent);
}
