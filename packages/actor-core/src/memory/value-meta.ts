import type { BlobRef } from '../storage/blob/blob.ts';
import type { Stamp } from './hybrid-clock.ts';
import type { Policy } from './policy.ts';

/** What is stored with a value beside its bytes. Fields are only added. */
export interface ValueMeta {
  readonly policy: Policy;
  readonly contentType: string;
  /** Instant of the write by the hybrid clock of its writer, for `last-writer`. */
  readonly stamp?: Stamp | undefined;
  /** When the time to live is over, by the wall clock of the writer. */
  readonly expiresAtMs?: number | undefined;
  /** The blob that has the value. The record itself has none then. */
  readonly blob?: BlobRef | undefined;
  /** Stated by a record that has the same value as the one before it, and stores the value elsewhere. */
  readonly moved?: MovedFrom | undefined;
}

/** The write that a moved value comes from: what clients go on to see. */
export interface MovedFrom {
  readonly revision: number;
  /** By the server's wall clock. */
  readonly changedAtMs: number;
}

export const defaultContentType = 'application/octet-stream';

/** A stored value that has no meta was written by a tool of NATS. */
export const foreignMeta: ValueMeta = Object.freeze({ policy: 'reject', contentType: defaultContentType });

const metaHeader = 'Drover-Memory';
const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

/** Names of the fields in the header: short, because they are stored with every value. */
interface WireMeta {
  readonly p?: unknown;
  readonly t?: unknown;
  readonly s?: unknown;
  readonly x?: unknown;
  readonly b?: unknown;
  readonly m?: unknown;
}

/** The headers of a record with that meta: none where all of it is the default. */
export function encodeMeta(meta: ValueMeta): Readonly<Record<string, string>> {
  const { policy, contentType, stamp, expiresAtMs, blob, moved } = meta;
  const wire = {
    ...(policy === 'reject' ? {} : { p: policy }),
    ...(contentType === defaultContentType ? {} : { t: contentType }),
    ...(stamp === undefined ? {} : { s: [stamp.wallMs, stamp.counter, stamp.node] }),
    ...(expiresAtMs === undefined ? {} : { x: expiresAtMs }),
    ...(blob === undefined ? {} : { b: [blob.name, blob.digest, blob.bytes, blob.chunks] }),
    ...(moved === undefined ? {} : { m: [moved.revision, moved.changedAtMs] }),
  };
  const text = JSON.stringify(wire);
  return text === '{}' ? noHeaders : { [metaHeader]: text };
}

/** Reads the meta of a record; a field that is not valid counts as absent. */
export function decodeMeta(headers: Readonly<Record<string, string>>): ValueMeta {
  const text = headers[metaHeader];
  if (text === undefined) return foreignMeta;
  const wire = parse(text);
  if (wire === undefined) return foreignMeta;
  const blob = blobOf(wire.b);
  const moved = movedOf(wire.m);
  return {
    policy: typeof wire.p === 'string' ? (wire.p as Policy) : 'reject',
    contentType: typeof wire.t === 'string' ? wire.t : defaultContentType,
    ...(stampOf(wire.s) === undefined ? {} : { stamp: stampOf(wire.s) }),
    ...(typeof wire.x === 'number' ? { expiresAtMs: wire.x } : {}),
    ...(blob === undefined ? {} : { blob }),
    ...(moved === undefined ? {} : { moved }),
  };
}

function parse(text: string): WireMeta | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? value : undefined;
  } catch {
    return undefined;
  }
}

function stampOf(value: unknown): Stamp | undefined {
  if (!Array.isArray(value)) return undefined;
  const [wallMs, counter, node] = value as unknown[];
  return typeof wallMs === 'number' && typeof counter === 'number' && typeof node === 'string'
    ? { wallMs, counter, node }
    : undefined;
}

function blobOf(value: unknown): BlobRef | undefined {
  if (!Array.isArray(value)) return undefined;
  const [name, digest, bytes, chunks] = value as unknown[];
  return typeof name === 'string' &&
    typeof digest === 'string' &&
    typeof bytes === 'number' &&
    typeof chunks === 'number'
    ? { name, digest, bytes, chunks }
    : undefined;
}

function movedOf(value: unknown): MovedFrom | undefined {
  if (!Array.isArray(value)) return undefined;
  const [revision, changedAtMs] = value as unknown[];
  return typeof revision === 'number' && typeof changedAtMs === 'number'
    ? { revision, changedAtMs }
    : undefined;
}
