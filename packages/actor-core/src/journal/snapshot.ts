import { z } from 'zod';
import { ContentHash } from '../storage/blob/content-hash.ts';
import type { BlobRef } from '../storage/blob/blob.ts';
import type { LogRecord, NewRecord } from '../storage/log/log.ts';
import type { ReplayPosition } from './decide-replay.ts';
import { parseJson } from './journal-entry.ts';
import type { DurableTimer } from './timers/timer-table.ts';

/** The state of a journal after some entry. */
export interface Snapshot {
  readonly position: ReplayPosition;
  /** Log sequence of the last entry that the state includes; 0 where it includes none. */
  readonly sequence: number;
  readonly version: number;
  /** As its schema encodes it. */
  readonly state: unknown;
  readonly timers: readonly DurableTimer[];
}

/** A snapshot record: the snapshot itself, or where the blob with it is. The format only grows. */
export type SnapshotRecord =
  | { readonly body: Uint8Array; readonly digest: string }
  | { readonly blob: BlobRef };

const digestHeader = 'Drover-Digest';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const snapshotSchema = z.object({
  i: z.number().int().min(0),
  g: z.number().int().min(0),
  s: z.number().int().min(0),
  n: z.number().int().min(1),
  st: z.unknown(),
  t: z
    .array(z.object({ key: z.string(), id: z.string(), atMs: z.number(), payload: z.unknown() }))
    .optional(),
});
const blobSchema = z.object({
  blob: z.object({ name: z.string(), digest: z.string(), bytes: z.number(), chunks: z.number() }),
});

export function encodeSnapshot({ position, sequence, version, state, timers }: Snapshot): Uint8Array {
  const { index, generation } = position;
  const wire = {
    i: index,
    g: generation,
    s: sequence,
    n: version,
    st: state,
    ...(timers.length === 0 ? {} : { t: timers }),
  };
  return encoder.encode(JSON.stringify(wire));
}

/** Undefined for what is no snapshot. */
export function decodeSnapshot(body: Uint8Array): Snapshot | undefined {
  const parsed = snapshotSchema.safeParse(parseJson(body));
  if (!parsed.success) return undefined;
  const { i, g, s, n, st, t = [] } = parsed.data;
  return {
    position: { index: i, generation: g },
    sequence: s,
    version: n,
    state: st,
    timers: t,
  };
}

/** The record with a snapshot in it. */
export function inlineRecord(subject: string, body: Uint8Array): NewRecord {
  return { subject, payload: body, headers: { [digestHeader]: digestOf(body) } };
}

/** The record that refers to a blob. */
export function referringRecord(subject: string, { name, digest, bytes, chunks }: BlobRef): NewRecord {
  const payload = encoder.encode(JSON.stringify({ blob: { name, digest, bytes, chunks } }));
  return { subject, payload };
}

export function decodeSnapshotRecord(record: LogRecord): SnapshotRecord | undefined {
  const digest = record.headers[digestHeader];
  if (digest !== undefined) return { body: record.payload, digest };
  const parsed = blobSchema.safeParse(parseJson(record.payload));
  return parsed.success ? { blob: parsed.data.blob } : undefined;
}

export function digestOf(body: Uint8Array): string {
  const hash = new ContentHash();
  hash.add(body);
  return hash.digest();
}

/** For evidence: the beginning of a payload as text. */
export function excerptOf(payload: Uint8Array): string {
  return decoder.decode(payload.subarray(0, maxExcerptBytes));
}

const maxExcerptBytes = 1_000;
