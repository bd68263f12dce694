import { type BatchRecord, maxBatchRecords } from '../storage/log/log.ts';

/** Records that are accepted together or not at all. */
export interface Transaction {
  readonly records: readonly BatchRecord[];
}

/** What one commit may hold. */
export interface CommitLimits {
  readonly records: number;
  readonly bytes: number;
}

/**
 * One record is left free for the fence's assertion. Bytes: the server holds a batch in memory until it is complete,
 * and larger ones than this are not faster.
 */
const commitLimits: CommitLimits = { records: maxBatchRecords - 1, bytes: 4 * 1024 * 1024 };

/**
 * How many of the waiting transactions go into the next commit, from the first on. At least one. The server refuses a
 * batch that asserts the sequence of a subject which the batch has written by then: such a transaction waits for the
 * next commit.
 */
export function nextCommit(waiting: readonly Transaction[], limits: CommitLimits = commitLimits): number {
  const written = new Set<string>();
  let records = 0;
  let bytes = 0;
  for (const [index, transaction] of waiting.entries()) {
    records += transaction.records.length;
    bytes += bytesOf(transaction);
    const isOver = records > limits.records || bytes > limits.bytes;
    if (index > 0 && (isOver || assertsAny(transaction, written))) return index;
    for (const { subject } of transaction.records) written.add(subject);
  }
  return waiting.length;
}

/** Can it be written as one plain publish, without a batch? */
export function isPlain({ records }: Transaction): boolean {
  return records.length === 1 && records[0]?.expect === undefined;
}

/**
 * Sequence of the last record of each transaction, given that of the last record of their batch: the records of a batch
 * have consecutive sequences.
 */
export function sequencesOf(transactions: readonly Transaction[], last: number): number[] {
  let sequence = last;
  const sequences: number[] = [];
  for (const { records } of transactions.toReversed()) {
    sequences.push(sequence);
    sequence -= records.length;
  }
  return sequences.toReversed();
}

function assertsAny({ records }: Transaction, written: ReadonlySet<string>): boolean {
  return records.some(({ expect }) => expect !== undefined && written.has(expect.subject));
}

function bytesOf({ records }: Transaction): number {
  return records.reduce((sum, { payload, subject }) => sum + payload.length + subject.length, 0);
}
