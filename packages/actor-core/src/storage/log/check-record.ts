import { InvalidArgumentError } from '../../errors.ts';
import { type BatchRecord, type Expectation, maxBatchRecords, type NewRecord } from './log.ts';

const lineBreak = /[\r\n]/;

/** @throws InvalidArgumentError for what no log accepts, naming the field */
export function requireRecord(record: NewRecord, expect?: Expectation): void {
  for (const name in record.headers) {
    if (name.startsWith('Nats-')) throw new InvalidArgumentError(`record.headers.${name}`, 'is reserved');
    if (lineBreak.test(record.headers[name] ?? ''))
      throw new InvalidArgumentError(`record.headers.${name}`, 'must not hold a line break');
  }
  if (record.ttlMs !== undefined && !(record.ttlMs >= 1_000))
    throw new InvalidArgumentError('record.ttlMs', 'must be at least 1000');
  if (expect !== undefined && !(Number.isSafeInteger(expect.sequence) && expect.sequence >= 0))
    throw new InvalidArgumentError('expect.sequence', 'must be an integer of at least 0');
}

/**
 * @throws InvalidArgumentError for a batch that is empty or too long, or that asserts the sequence of a subject which
 * it has written by then: the server answers such a batch with "check in flight" for ever
 */
export function requireBatch(records: readonly BatchRecord[]): void {
  if (records.length === 0 || records.length > maxBatchRecords)
    throw new InvalidArgumentError('records', `must hold 1 to ${maxBatchRecords} records`);
  const written = new Set<string>();
  for (const record of records) {
    requireRecord(record, record.expect);
    if (record.expect !== undefined && written.has(record.expect.subject))
      throw new InvalidArgumentError(
        'records',
        `write ${record.expect.subject} before they assert its sequence`,
      );
    written.add(record.subject);
  }
}
