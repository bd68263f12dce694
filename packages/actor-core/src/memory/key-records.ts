import { keySubject } from '../storage/key-value/bucket-spec.ts';
import { purgeRecord } from '../storage/key-value/key-record.ts';
import type { NewRecord } from '../storage/log/log.ts';
import type { PlannedRecord } from './decide-key-write.ts';
import { absentValue, type StoredValue } from './stored-value.ts';
import { encodeMeta } from './value-meta.ts';

/**
 * How long the marker of a removed key stays. A node that hears nothing of the bucket for longer cannot learn of the
 * removal any more, and forgets its cache.
 */
export const removalMarkerMs = 3_600_000;

/**
 * The record of the bucket's log for a planned one.
 *
 * @param before sequence that the write asserts. The bucket keeps one record of a key, so a sequence that was replaced
 * never is the newest one again, and the assertion guards the write. A key without a record may be without one again.
 */
export function recordOf(bucket: string, key: string, record: PlannedRecord, before: number): NewRecord {
  const isGuarded = before > 0;
  if (record.kind === 'remove') return { ...purgeRecord(bucket, key, removalMarkerMs), isGuarded };
  const { value, ttlMs, meta } = record;
  const put = { subject: keySubject(bucket, key), payload: value, headers: encodeMeta(meta), isGuarded };
  return ttlMs === undefined ? put : { ...put, ttlMs };
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
