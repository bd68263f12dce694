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
  /** Must not be changed: the cache shares it. Empty where a blob has the value, until it is loaded. */
  readonly value: Uint8Array;
  readonly meta: ValueMeta;
  /** Instant of the write that clients see, by the server's wall clock. */
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
  if (kind === 'put') return valueOfRecord({ key, value, revision, changedAtMs }, decodeMeta(record.headers));
  const gone = kind === 'expired' ? 'expired' : 'deleted';
  return { key, kind: gone, sequence: revision, value: noValue, meta: foreignMeta, changedAtMs };
}

/** The revision that a client sees: 0 for a key without a value. A move of the value keeps it. */
export function revisionOf({ kind, meta, sequence }: StoredValue): number {
  return kind === 'value' ? (meta.moved?.revision ?? sequence) : 0;
}

/** Bytes of the value, wherever it is stored. */
export function bytesOf({ meta, value }: StoredValue): number {
  return meta.blob?.bytes ?? value.length;
}

/** Whether a blob has the value, and it is not loaded. */
export function isElsewhere({ meta, value }: StoredValue): boolean {
  return meta.blob !== undefined && value.length < meta.blob.bytes;
}

function valueOfRecord(
  entry: Pick<StoredValue, 'key' | 'value' | 'changedAtMs'> & { readonly revision: number },
  meta: ValueMeta,
): StoredValue {
  const { key, value, revision, changedAtMs } = entry;
  const seenAtMs = meta.moved?.changedAtMs ?? changedAtMs;
  return { key, kind: 'value', sequence: revision, value, meta, changedAtMs: seenAtMs };
}
