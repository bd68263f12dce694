import type { StoreTrouble } from '../../errors.ts';
import type { LogInfo, LogLimits, LogSpec } from './log-spec.ts';

/**
 * Durable records in the order of their acceptance, addressed by subject, with compare-and-set on the last sequence of
 * a subject. Fulfilled by `jetstream-log.ts` and `memory-log.ts`; one contract suite tests both.
 *
 * Two rules follow from what JetStream promises (reference: nats.md 5, actor-runtimes.md 6):
 * - A read never authorises. Reads come from the leader of the log, yet a leader that was deposed without noticing may
 *   answer them. Only an append that asserts a sequence proves that what was read is current.
 * - An append is one attempt, and its outcome may be unknown. `RecordWriter` repeats attempts and resolves unknown
 *   outcomes; use it instead of `append`.
 */
export interface Log {
  /**
   * Creates the log, or confirms that it exists and agrees with every stated field of the spec. Idempotent. A log that
   * has no feed gets the one of the spec.
   *
   * @throws InvalidArgumentError naming the field in which an existing log differs
   * @throws StoreUnavailableError
   */
  ensure(spec: LogSpec): Promise<LogInfo>;
  /**
   * Changes how much an existing log keeps. Records beyond the new limits are removed.
   *
   * @throws StoreUnavailableError its code is `store-missing` where the log does not exist
   */
  resize(log: string, limits: LogLimits): Promise<LogInfo>;
  /** @throws StoreUnavailableError; its code is `store-missing` where the log does not exist */
  info(log: string): Promise<LogInfo>;
  /** One attempt to append one record. @throws MessageTooLargeError nothing was written */
  append(log: string, record: NewRecord, expect?: Expectation): Promise<AppendOutcome>;
  /**
   * As `append`, without an answer: what became of it is heard on the feed of the log, or has to be looked for. False:
   * the record was not sent.
   */
  send(log: string, record: NewRecord, expect?: Expectation): boolean;
  /**
   * One attempt to append all records, or none of them, with consecutive sequences. At most `maxBatchRecords`. The
   * outcome's sequence is that of the last record.
   *
   * @throws InvalidArgumentError for an expectation on a subject that an earlier record of the batch writes
   * @throws MessageTooLargeError nothing was written
   */
  appendBatch(log: string, records: readonly BatchRecord[]): Promise<AppendOutcome>;
  /** The newest record of a subject, which may hold wildcards; undefined where there is none. */
  readLast(log: string, subject: string): Promise<LogRecord | undefined>;
  /** The record with that sequence; undefined where it was removed or does not exist yet. */
  read(log: string, sequence: number): Promise<LogRecord | undefined>;
  /** Records from a sequence on, in order. Not a snapshot: a record replaced during the read may be left out. */
  readForward(log: string, query: ForwardQuery): Promise<LogPage>;
  /**
   * The newest record of each subject under a filter (wildcards allowed), in pages of at most `pageRecords` (default
   * 1_000). Not a snapshot: subjects that appear during the read may be left out.
   */
  readAllLast(log: string, filter: string, pageRecords?: number): AsyncIterable<readonly LogRecord[]>;
  /** Subjects under a filter (wildcards allowed) that have a record, in no order. Not a snapshot. */
  listSubjects(log: string, filter: string): Promise<readonly string[]>;
  /** Removes one record. False where there is none with that sequence. */
  deleteRecord(log: string, sequence: number): Promise<boolean>;
  /** Removes the records of a subject (wildcards allowed) up to and with a sequence; all where none is given. */
  purge(log: string, query: { readonly subject: string; readonly upTo?: number }): Promise<number>;
  /**
   * Announces records as they are accepted. Each announcement is sent once: some may be missing or come twice.
   * `watchLog` makes them complete.
   *
   * @throws InvalidArgumentError for a log whose spec has no feed
   */
  follow(log: string, follower: LogFollower): Promise<Following>;
}

/** Most records of one atomic batch (nats-server's limit). */
export const maxBatchRecords = 1_000;

/** A record to append. */
export interface NewRecord {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Stored with the record. Names must not begin with `Nats-`; values hold no line break. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Identity of the write. Within `dedupeMs` the log accepts one record of an id, and the id shows afterwards whether
   * the write was accepted. Where it is missing a retry may append twice.
   */
  readonly messageId?: string;
  /** The record is removed after this time. Whole seconds, rounded up, at least 1_000. */
  readonly ttlMs?: number;
  /** Removes all older records of the subject. */
  readonly replacesSubject?: boolean;
  /** Accepts the record now on `subject` and moves it to `target` at an instant of the server's wall clock. */
  readonly delivery?: { readonly target: string; readonly atMs: number };
}

/** A record of a batch with its own expectation. */
export interface BatchRecord extends NewRecord {
  readonly expect?: Expectation;
}

/** What must hold at the moment of acceptance. */
export interface Expectation {
  /** A subject of the same log; wildcards stand for the newest record of all subjects that match. */
  readonly subject: string;
  /** Sequence of its newest record; 0 where it must have none. */
  readonly sequence: number;
}

/** What is known after one attempt. */
export type AppendOutcome =
  /** Accepted; `isDuplicate` by an earlier attempt with this message id. */
  | { readonly kind: 'appended'; readonly sequence: number; readonly isDuplicate: boolean }
  /** An earlier attempt with these message ids was accepted; its sequence is not reported. */
  | { readonly kind: 'duplicate' }
  /** Not accepted: the expectation does not hold. `actual`: the newest sequence, where the server reports it. */
  | { readonly kind: 'wrong-sequence'; readonly actual: number | undefined }
  /** Not accepted: another write to the expected subject is being decided. Does not show which writer is newer. */
  | { readonly kind: 'check-in-flight' }
  /** Not accepted, for a reason that lies in the store. */
  | {
      readonly kind: 'refused';
      readonly trouble: StoreTrouble;
      readonly isTransient: boolean;
      readonly cause: unknown;
    }
  /** Unknown: it may have been accepted, or may still be. */
  | { readonly kind: 'unanswered'; readonly cause: unknown };

/** A record as it was accepted. */
export interface LogRecord {
  readonly subject: string;
  /** Position in its log; only grows. */
  readonly sequence: number;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly messageId: string | undefined;
  /** Instant of acceptance by the server's wall clock, milliseconds since the epoch. */
  readonly acceptedAtMs: number;
  /**
   * Whether it is a marker that the log itself wrote when the time to live of the newest record of a subject was over.
   */
  readonly isExpiry: boolean;
  /** Whether it removed the older records of its subject. */
  readonly replacesSubject: boolean;
}

/** Which records to read. */
export interface ForwardQuery {
  readonly from: number;
  /** Subjects, wildcards allowed. @default all */
  readonly filter?: string;
  /** Most records of the page. @default 256 */
  readonly limit?: number;
}

/** Records in order, and where to go on. */
export interface LogPage {
  readonly records: readonly LogRecord[];
  /** The page covers every record below this sequence. */
  readonly next: number;
  /** Nothing at or above `next` was accepted when the page was read. */
  readonly isEnd: boolean;
}

/** Receives announcements. Its functions must not throw. */
export interface LogFollower {
  /** Subjects of the records that are announced, wildcards allowed. @default all */
  readonly filter?: string;
  /** A record was accepted. */
  onRecord(record: LogRecord): void;
  /** The connection was lost and is back: announcements may be missing. */
  onInterrupted?(): void;
}

/** A handler that is called until it is closed. */
export interface Following {
  /** Ends it. The handler is not called afterwards. */
  close(): void;
}

/** Page sizes where the caller states none: of `readForward` and of `readAllLast`. */
export const defaultPage: { readonly forward: 256; readonly last: 1_000 } = { forward: 256, last: 1_000 };
