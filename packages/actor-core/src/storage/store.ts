/**
 * Durable, ordered records by subject, with compare-and-set: what actor-core needs of JetStream. Fulfilled by
 * `jetstream-store.ts` and `memory-store.ts`; one contract suite tests both.
 *
 * A read never authorises: only an append that asserts a sequence does (reference: nats.md 5, ADR-8).
 */
export interface Store {
  /**
   * Creates the stream, or confirms that it is there with these subjects, this history and these replicas. Idempotent.
   *
   * @throws InvalidArgumentError naming the field in which an existing stream differs
   */
  ensureStream(spec: StreamSpec): Promise<void>;
  /**
   * Appends one record.
   *
   * @throws FenceRejectedError when `expect.fence` no longer is the last sequence of its subject
   * @throws WrongSequenceError when `expect.lastSequence` no longer is the last sequence of `subject`
   * @throws MessageTooLargeError the record is larger than the bus carries; nothing was written
   * @throws StoreUnavailableError outcome unknown
   */
  append(
    stream: string,
    subject: string,
    payload: Uint8Array,
    expect?: AppendExpectation,
  ): Promise<{ sequence: number }>;
  /** The newest record of `subject`, read from the stream's leader; undefined when there is none. */
  readLast(stream: string, subject: string): Promise<StoredRecord | undefined>;
  /** The newest record of every subject under the filter (`*`, `>` allowed), in sequence order, from the leader. */
  readAllLast(stream: string, filter: string): Promise<StoredRecord[]>;
}

/** Which subjects a stream keeps, and how much of each. */
export interface StreamSpec {
  readonly name: string;
  /** Subjects it keeps, wildcards allowed. */
  readonly subjects: readonly string[];
  /** Records kept per subject. @default 1 for a new stream; of an existing one not looked at */
  readonly historyPerSubject?: number;
  /** Servers that keep a copy. @default 1 for a new stream; of an existing one not looked at */
  readonly replicas?: number;
}

/** What must still hold for a write to be accepted. */
export interface AppendExpectation {
  /** The fencing token: the sequence of the lead record, and the subject it lives on (same stream). */
  readonly fence?: { readonly subject: string; readonly sequence: number };
  /** Sequence that must be the newest of the appended subject; 0 = there is none yet. Not together with `fence`. */
  readonly lastSequence?: number;
  /** Makes a retry harmless within the stream's two-minute window. */
  readonly messageId?: string;
}

/** One record, as it was accepted. */
export interface StoredRecord {
  readonly subject: string;
  /** Position in its stream, from 1; only grows. */
  readonly sequence: number;
  readonly payload: Uint8Array;
}
