import type { HeaderMessage } from '../../transport/transport.ts';
import {
  markerHeader,
  messageIdHeader,
  noHeaders,
  parseInstant,
  rollupHeader,
  writeIdHeader,
} from './jetstream-record.ts';
import type { LogRecord } from './log.ts';

const lineEnd = '\r\n';
const serverPrefix = 'Nats-';
const subjectField = 'Nats-Subject: ';
const sequenceField = 'Nats-Sequence: ';
const timeField = 'Nats-Time-Stamp: ';
const messageIdField = `${messageIdHeader}: `;
const writeIdField = `${writeIdHeader}: `;
const rollupField = `${rollupHeader}: `;
const expiryLine = `${markerHeader}: MaxAge\r\n`;

/** The payload of an own record, where the follower still has it. */
export type OwnPayload = (subject: string, messageId: string) => Uint8Array | undefined;

/**
 * A record out of a republished message (ADR-31); undefined for a message that is not one. Every node does this for
 * every write of the buckets that it follows. So the lines are compared in place, and only what is kept is copied.
 */
export function recordOfAnnounced(message: HeaderMessage, ownPayload?: OwnPayload): LogRecord | undefined {
  fields.read(message.headers);
  const { subject, sequence, headers, messageId, acceptedAtMs, isExpiry, replacesSubject } = fields;
  if (subject === '' || !Number.isSafeInteger(sequence)) return undefined;
  const own = messageId === undefined ? undefined : ownPayload?.(subject, messageId);
  // A copy: the payload is a view into the chunk that the socket read, which a cached record would keep alive.
  const payload = own ?? new Uint8Array(message.payload);
  return { subject, sequence, payload, headers, messageId, acceptedAtMs, isExpiry, replacesSubject };
}

/** The fields of one announcement after the other. */
class AnnouncedFields {
  subject = '';
  sequence = Number.NaN;
  headers: Readonly<Record<string, string>> = noHeaders;
  messageId: string | undefined = undefined;
  acceptedAtMs = Number.NaN;
  isExpiry = false;
  replacesSubject = false;

  read(text: string): void {
    this.subject = '';
    this.sequence = Number.NaN;
    this.headers = noHeaders;
    this.messageId = undefined;
    this.acceptedAtMs = Number.NaN;
    this.isExpiry = false;
    this.replacesSubject = false;
    let end = text.indexOf(lineEnd);
    while (end !== -1) {
      const begin = end + lineEnd.length;
      end = text.indexOf(lineEnd, begin);
      // The empty line, after the last field.
      if (end <= begin) break;
      if (text.startsWith(serverPrefix, begin)) this.#readServerLine(text, begin, end);
      else if (text.startsWith(writeIdField, begin))
        this.messageId ??= text.slice(begin + writeIdField.length, end);
      else this.#readOwnLine(text, begin, end);
    }
  }

  /**
   * The server adds its fields at the end. Fields of the same name before them are those of whoever has written the
   * record, so the last one counts.
   */
  #readServerLine(text: string, begin: number, end: number): void {
    if (text.startsWith(sequenceField, begin))
      this.sequence = digitsOf(text, begin + sequenceField.length, end);
    else if (text.startsWith(subjectField, begin))
      this.subject = text.slice(begin + subjectField.length, end);
    else if (text.startsWith(timeField, begin))
      this.acceptedAtMs = instants.at(text, begin + timeField.length, end);
    else if (text.startsWith(messageIdField, begin))
      this.messageId ??= text.slice(begin + messageIdField.length, end);
    else if (text.startsWith(rollupField, begin)) this.replacesSubject = true;
    else if (text.startsWith(expiryLine, begin)) this.isExpiry = true;
  }

  #readOwnLine(text: string, begin: number, end: number): void {
    const colon = text.indexOf(':', begin);
    if (colon === -1 || colon >= end) return;
    const name = text.slice(begin, colon);
    const value = text.slice(colon + 1, end).trim();
    this.headers = name in this.headers ? this.headers : { ...this.headers, [name]: value };
  }
}

const zero = 48;

/** NaN for anything but digits. */
function digitsOf(text: string, begin: number, end: number): number {
  let value = begin < end ? 0 : Number.NaN;
  for (let at = begin; at < end; at++) {
    const digit = text.charCodeAt(at) - zero;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}

/** `2026-12-01T01:02:03`: what the instants of one second have in common. */
const secondLength = 19;
const dot = 46;

/** As `parseInstant`, for instants of which most are in the same second. */
class Instants {
  #second = 'none';
  #secondAtMs = Number.NaN;

  at(text: string, begin: number, end: number): number {
    const fraction = begin + secondLength;
    if (!text.startsWith(this.#second, begin)) {
      this.#second = text.slice(begin, fraction);
      this.#secondAtMs = parseInstant(`${this.#second}Z`);
    }
    if (text.charCodeAt(fraction) !== dot) return parseInstant(text.slice(begin, end));
    let ms = 0;
    for (let place = 100, at = fraction + 1; place >= 1 && at < end - 1; place /= 10, at++)
      ms += place * (text.charCodeAt(at) - zero);
    return this.#secondAtMs + ms;
  }
}

const instants = new Instants();
const fields = new AnnouncedFields();
