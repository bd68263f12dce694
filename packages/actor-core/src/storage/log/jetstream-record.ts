import { decodeHeaderBlock } from '../../transport/header-block.ts';
import type { HeaderMessage } from '../../transport/transport.ts';
import type { Expectation, LogRecord, NewRecord } from './log.ts';

/** A stored message in a reply of `STREAM.MSG.GET`. */
export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  /** Base64. */
  readonly data?: string;
  /** Base64 of the header block. */
  readonly hdrs?: string;
  /** RFC 3339. */
  readonly time: string;
}

const messageIdHeader = 'Nats-Msg-Id';
const rollupHeader = 'Nats-Rollup';
const markerHeader = 'Nats-Marker-Reason';
const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

/**
 * Headers of an append (ADR-8, ADR-43, ADR-50, ADR-51). `Nats-Expected-Stream` keeps a record out of another stream
 * that took over the subject.
 */
export function appendHeaders(
  log: string,
  record: NewRecord,
  expect: Expectation | undefined,
): Record<string, string> {
  const fields: Record<string, string> = { 'Nats-Expected-Stream': log, ...record.headers };
  if (record.messageId !== undefined) fields[messageIdHeader] = record.messageId;
  if (expect !== undefined) {
    fields['Nats-Expected-Last-Subject-Sequence'] = String(expect.sequence);
    if (expect.subject !== record.subject)
      fields['Nats-Expected-Last-Subject-Sequence-Subject'] = expect.subject;
  }
  if (record.ttlMs !== undefined) fields['Nats-TTL'] = `${Math.ceil(record.ttlMs / 1_000)}s`;
  if (record.replacesSubject === true) fields[rollupHeader] = 'sub';
  if (record.delivery !== undefined) {
    fields['Nats-Schedule'] = `@at ${instantOf(record.delivery.atMs)}`;
    fields['Nats-Schedule-Target'] = record.delivery.target;
  }
  return fields;
}

/** Adds the headers of an atomic batch; `position` is counted from 1. */
export function addBatchHeaders(
  fields: Record<string, string>,
  batch: { readonly id: string; readonly position: number; readonly size: number },
): Record<string, string> {
  fields['Nats-Batch-Id'] = batch.id;
  fields['Nats-Batch-Sequence'] = String(batch.position);
  if (batch.position === batch.size) fields['Nats-Batch-Commit'] = '1';
  return fields;
}

/** A record out of a reply of `STREAM.MSG.GET`. */
export function recordOfStored(message: StoredMessage): LogRecord {
  const fields =
    message.hdrs === undefined ? noHeaders : decodeHeaderBlock(Buffer.from(message.hdrs, 'base64'));
  const payload = new Uint8Array(Buffer.from(message.data ?? '', 'base64'));
  return recordOf(message.subject, message.seq, payload, fields, message.time);
}

/** A record out of a republished message (ADR-31); undefined for a message that is not one. */
export function recordOfAnnounced(message: HeaderMessage): LogRecord | undefined {
  const fields = message.fields();
  const subject = fields['Nats-Subject'];
  const sequence = Number(fields['Nats-Sequence']);
  if (subject === undefined || !Number.isSafeInteger(sequence)) return undefined;
  // A copy: the payload is a view into the chunk that the socket read, which a cached record would keep alive.
  const payload = new Uint8Array(message.payload);
  return recordOf(subject, sequence, payload, fields, fields['Nats-Time-Stamp'] ?? '');
}

function recordOf(
  subject: string,
  sequence: number,
  payload: Uint8Array,
  fields: Readonly<Record<string, string>>,
  time: string,
): LogRecord {
  return {
    subject,
    sequence,
    payload,
    headers: ownHeaders(fields),
    messageId: fields[messageIdHeader],
    acceptedAtMs: parseInstant(time),
    isExpiry: fields[markerHeader] === 'MaxAge',
    replacesSubject: fields[rollupHeader] !== undefined,
  };
}

function ownHeaders(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  let own: Record<string, string> | undefined;
  for (const name in fields) {
    if (name.startsWith('Nats-')) continue;
    own ??= {};
    own[name] = fields[name] as string;
  }
  return own ?? noHeaders;
}

/** Milliseconds since the epoch of an RFC 3339 instant. */
export function parseInstant(time: string): number {
  // oxlint-disable-next-line no-restricted-globals -- parses a server's instant; does not read the clock
  return Date.parse(time);
}

function instantOf(atMs: number): string {
  // oxlint-disable-next-line no-restricted-globals -- formats an instant; does not read the clock
  return new Date(atMs).toISOString();
}
