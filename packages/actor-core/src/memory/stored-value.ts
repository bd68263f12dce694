import { changeOf } from '../storage/key-value/key-record.ts';
import type { LogRecord } from '../storage/log/log.ts';
import { decodeMeta, foreignMeta, type ValueMeta } from './value-meta.ts';

/** The newest record of a key, as it was read, announced or written. */
export interface StoredValue {
  /** Key in its bucket. */
  readonly key: string;
  /** `value`, or the reason why the key has none. `absent`: there is no record. */
  readonly kind: 'value' | 'deleted' | 'expired' | 'absent';
  /** Sequence of the record; 0 where there is none. A write of the key asserts it. */
  readonly sequence: number;
  /** Must not be changed: the cache shares it. */
  readonly value: Uint8Array;
  readonly meta: ValueMeta;
  /** By the server's wall clock. */
  readonly changedAtMs: number;
}

const noValue = new Uint8Array(0);

/** A key without a record. */
export function absentValue(key: string): StoredValue {
  return { key, kind: 'absent', sequence: 0, value: noValue, meta: foreignMeta, changedAtMs: 0 };
}

/** What a record of the bucket says about its key. */
export function storedValueOf(bucket: string, record: LogRecord): StoredValue {
  const { key, kind, value, revision, changedAtMs } = changeOf(bucket, record);
  if (kind === 'put')
    return { key, kind: 'value', sequence: revision, value, meta: decodeMeta(record.headers), changedAtMs };
  const gone = kind === 'expired' ? 'expired' : 'deleted';
  return { key, kind: gone, sequence: revision, value: noValue, meta: foreignMeta, changedAtMs };
}

/** The revision that a client sees: 0 for a key without a value. */
export function revisionOf(stored: StoredValue): number {
  return stored.kind === 'value' ? stored.sequence : 0;
}
