import { purgeRecord, putRecord } from '../storage/key-value/key-record.ts';
import type { NewRecord } from '../storage/log/log.ts';
import type { PlannedRecord } from './decide-key-write.ts';
import { absentValue, type StoredValue } from './stored-value.ts';
import { encodeMeta } from './value-meta.ts';

/**
 * How long the marker of a removed key stays. A node that hears nothing of the bucket for longer cannot learn of the
 * removal any more, and forgets its cache.
 */
export const removalMarkerMs = 3_600_000;

/** The record of the bucket's log for a planned one. */
export function recordOf(bucket: string, key: string, record: PlannedRecord): NewRecord {
  if (record.kind === 'remove') return purgeRecord(bucket, key, removalMarkerMs);
  return { ...putRecord(bucket, key, record.value, record.ttlMs), headers: encodeMeta(record.meta) };
}

/** What the key holds once its record is accepted. */
export function writtenValue(
  key: string,
  record: PlannedRecord,
  sequence: number,
  changedAtMs: number,
): StoredValue {
  if (record.kind === 'remove') return { ...absentValue(key), kind: 'deleted', sequence, changedAtMs };
  return { key, kind: 'value', sequence, value: record.value, meta: record.meta, changedAtMs };
}
