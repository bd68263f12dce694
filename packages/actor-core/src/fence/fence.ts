import { InvalidArgumentError } from '../errors.ts';
import type { WriteOutcome } from '../storage/log/decide-write.ts';
import type { BatchRecord, Expectation, NewRecord } from '../storage/log/log.ts';
import type { RecordWriter } from '../storage/log/record-writer.ts';

/**
 * The right to write, which at most one writer has. It is the newest record of a subject, identified by its sequence.
 * The writer of the next record of that subject takes the right over. Every write of the holder asserts the sequence,
 * and the log checks it at the moment of acceptance. A holder that was deposed without noticing can therefore change
 * nothing.
 *
 * - A fence protects only the log that it lives in.
 * - A caller takes the fence when it decides and passes it with the write. A fence that was lost and regained is
 *   another fence: decisions made under the earlier one are refused.
 * - The fence record is never rewritten to renew it: that would refuse the holder's own writes in flight.
 *
 * What an answer of the log means for the holder is decided in `storage/log/decide-write.ts` and by `decideFenced`.
 *
 * @see reference: actor-runtimes.md 6.2
 */
export interface Fence {
  readonly log: string;
  /** Subject of the fence record. */
  readonly subject: string;
  /** Sequence of the fence record: the fencing token. Above 0, for an expected 0 protects nothing. */
  readonly sequence: number;
}

/** What became of a fenced write. Unknown outcomes are thrown as `StoreUnavailableError`. */
export type FencedOutcome =
  | { readonly kind: 'written'; readonly sequence: number }
  /** Certainly not written: another writer holds the fence. Stop, and drop what was decided under this fence. */
  | { readonly kind: 'deposed'; readonly newest: number | undefined }
  /** Certainly not written: the log lost the fence record. Halt: what was acknowledged may be lost too. */
  | { readonly kind: 'rolled-back'; readonly newest: number }
  /** Certainly not written: the fence holds, but an expectation of the write itself does not. */
  | { readonly kind: 'conflict' }
  /** Certainly not written: too many writes wait for their turn. */
  | { readonly kind: 'queue-full' };

/** @throws InvalidArgumentError unless the sequence is above 0 */
export function createFence(log: string, subject: string, sequence: number): Fence {
  if (!(Number.isSafeInteger(sequence) && sequence > 0))
    throw new InvalidArgumentError('fence.sequence', `must be an integer above 0 (got ${sequence})`);
  return { log, subject, sequence };
}

/** What a write under the fence asserts. */
export function expectationOf({ subject, sequence }: Fence): Expectation {
  return { subject, sequence };
}

/** What the answer to a write means that asserted the fence and nothing else. */
export function decideFenced(fence: Fence, outcome: WriteOutcome): FencedOutcome {
  if (outcome.kind === 'written') return outcome;
  const { actual } = outcome;
  return actual !== undefined && actual < fence.sequence
    ? { kind: 'rolled-back', newest: actual }
    : { kind: 'deposed', newest: actual };
}

/**
 * @throws InvalidArgumentError for a record on the fence's own subject. Such a record would depose the holder and leave
 * the fence without one. `takeFence` writes to that subject.
 */
export function requireOutsideFence(fence: Fence, records: readonly NewRecord[]): void {
  for (const { subject } of records)
    if (subject === fence.subject)
      throw new InvalidArgumentError(
        'record.subject',
        `${subject} is the fence's own: take the fence instead`,
      );
}

/**
 * Takes a fence over from the holder of the sequence `after`; 0 where it was never held.
 *
 * @returns the fence, or `lost` where another candidate was first
 * @throws StoreUnavailableError the outcome is unknown; read the fence record, and try again with its sequence
 */
export async function takeFence(
  writer: RecordWriter,
  candidacy: { readonly log: string; readonly after: number; readonly record: NewRecord },
): Promise<{ readonly kind: 'taken'; readonly fence: Fence } | { readonly kind: 'lost' }> {
  const { log, after, record } = candidacy;
  const outcome = await writer.write(log, record, { subject: record.subject, sequence: after });
  if (outcome.kind === 'rejected') return { kind: 'lost' };
  return { kind: 'taken', fence: createFence(log, record.subject, outcome.sequence) };
}

/**
 * The records of one batch under the fence: the first record without an expectation of its own asserts it. A batch in
 * which every record has its own gets `assertion`, a record whose only purpose is to assert the fence.
 *
 * @throws InvalidArgumentError where such a record is needed and there is none
 */
export function fenceBatch(
  fence: Fence,
  records: readonly BatchRecord[],
  assertion: NewRecord | undefined,
): BatchRecord[] {
  const index = records.findIndex(({ expect }) => expect === undefined);
  if (index !== -1)
    return records.map((record, at) => (at === index ? { ...record, expect: expectationOf(fence) } : record));
  if (assertion === undefined)
    throw new InvalidArgumentError(
      'records',
      'all have expectations of their own: name an assertion subject',
    );
  return [{ ...assertion, expect: expectationOf(fence) }, ...records];
}
