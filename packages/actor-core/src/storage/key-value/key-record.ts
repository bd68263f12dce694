import type { BatchRecord, LogRecord, NewRecord } from '../log/log.ts';
import { keyOf, keySubject } from './bucket-spec.ts';
import type { BatchChange, KeyChange } from './key-value.ts';

const operationHeader = 'KV-Operation';
const noValue = new Uint8Array(0);

/** The record that sets a key. */
export function putRecord(bucket: string, key: string, value: Uint8Array, ttlMs?: number): NewRecord {
  return { subject: keySubject(bucket, key), payload: value, ...(ttlMs === undefined ? {} : { ttlMs }) };
}

/** The record that removes a key: a marker. */
export function deleteRecord(bucket: string, key: string): NewRecord {
  return { subject: keySubject(bucket, key), payload: noValue, headers: { [operationHeader]: 'DEL' } };
}

/** The record that removes a key and its history. `ttlMs`: how long the marker stays. */
export function purgeRecord(bucket: string, key: string, ttlMs?: number): NewRecord {
  return {
    subject: keySubject(bucket, key),
    payload: noValue,
    headers: { [operationHeader]: 'PURGE' },
    replacesSubject: true,
    ...(ttlMs === undefined ? {} : { ttlMs }),
  };
}

/** The record that makes a change of a batch, with its expectation. */
export function batchRecord(bucket: string, change: BatchChange): BatchRecord {
  const record = recordOfKind(bucket, change);
  return change.revision === undefined
    ? record
    : { ...record, expect: { subject: record.subject, sequence: change.revision } };
}

function recordOfKind(bucket: string, change: BatchChange): NewRecord {
  if (change.kind === 'put') return putRecord(bucket, change.key, change.value, change.ttlMs);
  return change.kind === 'delete' ? deleteRecord(bucket, change.key) : purgeRecord(bucket, change.key);
}

/** The change that a record of the bucket's log is. */
export function changeOf(bucket: string, record: LogRecord): KeyChange {
  return {
    key: keyOf(bucket, record.subject),
    kind: kindOf(record),
    value: record.payload,
    revision: record.sequence,
    changedAtMs: record.acceptedAtMs,
  };
}

function kindOf({ isExpiry, headers }: LogRecord): KeyChange['kind'] {
  if (isExpiry) return 'expired';
  switch (headers[operationHeader]) {
    case 'DEL':
      return 'deleted';
    case 'PURGE':
      return 'purged';
    default:
      return 'put';
  }
}
