import type { AppendExpectation } from './append-expectation.ts';
import type { StreamSpec } from './stream-spec.ts';

/**
 * Durable, ordered records by subject, with compare-and-set. Implemented by `jetstream-store.ts` and `memory-store.ts`;
 * one contract suite tests both.
 *
 * A read grants no right to write: only an append that asserts a sequence does (reference: nats.md 5, ADR-8).
 */
export interface Store {
  /**
   * Creates the stream, or confirms that it exists with these subjects, this history and these replicas. Idempotent.
   *
   * @throws InvalidArgumentError naming the field in which an existing stream differs
   */
  ensureStream(spec: StreamSpec): Promise<void>;
  /**
   * Appends one record.
   *
   * @throws FenceRejectedError when `expect.fence` is no longer the last sequence of its subject
   * @throws WrongSequenceError when `expect.lastSequence` is no longer the last sequence of `subject`
   * @throws MessageTooLargeError the record is larger than the bus carries; nothing was written
   * @throws StoreUnavailableError the record may or may not have been written
   */
  append(
    stream: string,
    subject: string,
    payload: Uint8Array,
    expect?: AppendExpectation,
  ): Promise<{ sequence: number }>;
  /** The newest record of `subject`, read from the stream's leader; undefined without a record. */
  readLast(stream: string, subject: string): Promise<StoredRecord | undefined>;
  /**
   * The newest record of every subject that matches `filter` (`*`, `>` allowed), in sequence order, from the leader.
   */
  readAllLast(stream: string, filter: string): Promise<StoredRecord[]>;
}

/** One record, as the store accepted it. */
export interface StoredRecord {
  readonly subject: string;
  /** Position in its stream, from 1; only grows. */
  readonly sequence: number;
  readonly payload: Uint8Array;
}
