import type { LogRecord, NewRecord } from '../log/log.ts';
import { uploadSubject } from './blob-spec.ts';

/** What an upload record says about the chunks of an upload. */
export type UploadState =
  /** They are being written. */
  | 'writing'
  /** A blob has them. */
  | 'committed'
  /** No blob has them: they are to be removed. */
  | 'garbage';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** An upload record without meaning removes itself. */
const committedTtlMs = 1_000;

/** The record that replaces the present one of an upload. */
export function uploadRecord(bucket: string, upload: string, state: UploadState): NewRecord {
  return {
    subject: uploadSubject(bucket, upload),
    payload: encoder.encode(state),
    replacesSubject: true,
    ...(state === 'committed' ? { ttlMs: committedTtlMs } : {}),
  };
}

/** Undefined for a state that this version does not know. */
export function decodeUploadState(record: LogRecord): UploadState | undefined {
  const text = decoder.decode(record.payload);
  return text === 'writing' || text === 'committed' || text === 'garbage' ? text : undefined;
}
