import { decodeHeaderBlock, headerLine } from '../../transport/header-block.ts';
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

export const messageIdHeader = 'Nats-Msg-Id';
/** Identity of a guarded write: kept with the record, and unknown to the server. */
export const writeIdHeader = 'Drover-Write';
export const rollupHeader = 'Nats-Rollup';
export const markerHeader = 'Nats-Marker-Reason';
export const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

/**
 * Lines of the headers of an append (ADR-8, ADR-43, ADR-50, ADR-51). `Nats-Expected-Stream` keeps a record out of
 * another stream that took over the subject.
 */
export function appendLines(log: string, record: NewRecord, expect: Expectation | undefined): string {
  // Another stream never has the sequence that guards the write as the newest one of the subject.
  const isGuarded = record.isGuarded === true;
  let lines = isGuarded ? '' : headerLine('Nats-Expected-Stream', log);
  for (const name in record.headers) lines += headerLine(name, record.headers[name] as string);
  if (record.messageId !== undefined)
    lines += headerLine(isGuarded ? writeIdHeader : messageIdHeader, record.messageId);
  if (expect !== undefined) {
    lines += headerLine('Nats-Expected-Last-Subject-Sequence', expect.sequence);
    if (expect.subject !== record.subject)
      lines += headerLine('Nats-Expected-Last-Subject-Sequence-Subject', expect.subject);
  }
  if (record.ttlMs !== undefined) lines += headerLine('Nats-TTL', `${Math.ceil(record.ttlMs / 1_000)}s`);
  if (record.replacesSubject === true) lines += headerLine(rollupHeader, 'sub');
  if (record.delivery !== undefined) {
    lines += headerLine('Nats-Schedule', `@at ${instantOf(record.delivery.atMs)}`);
    lines += headerLine('Nats-Schedule-Target', record.delivery.target);
  }
  return lines;
}

/** Lines of the headers of a record of an atomic batch; `position` is counted from 1. */
export function batchLines(id: string, position: number, size: number): string {
  const commit = position === size ? headerLine('Nats-Batch-Commit', '1') : '';
  return headerLine('Nats-Batch-Id', id) + headerLine('Nats-Batch-Sequence', position) + commit;
}

/** A record out of a reply of `STREAM.MSG.GET`. */
export function recordOfStored(message: StoredMessage): LogRecord {
  const fields =
    message.hdrs === undefined
      ? noHeaders
      : decodeHeaderBlock(Buffer.from(message.hdrs, 'base64').toString());
  const payload = new Uint8Array(Buffer.from(message.data ?? '', 'base64'));
  return recordOf(message.subject, message.seq, payload, fields, message.time);
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
    messageId: fields[messageIdHeader] ?? fields[writeIdHeader],
    acceptedAtMs: parseInstant(time),
    isExpiry: fields[markerHeader] === 'MaxAge',
    replacesSubject: fields[rollupHeader] !== undefined,
  };
}

function ownHeaders(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  let own: Record<string, string> | undefined;
  for (const name in fields) {
    if (name.startsWith('Nats-') || name === writeIdHeader) continue;
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
