/**
 * The reply subject of a message that a consumer delivered (ADR-15 and its successor):
 * `$JS.ACK.{stream}.{consumer}.{delivered}.{sequence}.{consumer sequence}.{time ns}.{pending}`, or with a domain and an
 * account hash before the stream and a random token at the end.
 */
export interface AckSubject {
  /** Everything before the stream. */
  readonly prefix: readonly string[];
  readonly stream: string;
  readonly consumer: string;
  /** Which delivery, from 1. */
  readonly delivered: number;
  readonly sequence: number;
  /** Instant of acceptance, milliseconds since the epoch. */
  readonly acceptedAtMs: number;
  /** Everything from the number of deliveries on. */
  readonly rest: readonly string[];
}

const shortLength = 9;
const minLongLength = 11;

/** Undefined for any other subject. Lease tokens come from outside, and settling a lease publishes to this subject. */
export function parseAckSubject(subject: string): AckSubject | undefined {
  const tokens = subject.split('.');
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || tokens.some((token) => !/^[\w$-]+$/.test(token)))
    return undefined;
  const start = tokens.length === shortLength ? 2 : tokens.length >= minLongLength ? 4 : undefined;
  if (start === undefined) return undefined;
  const [stream = '', consumer = '', ...rest] = tokens.slice(start);
  const [delivered, sequence, , timeNs] = rest.map(Number);
  if (!isCount(delivered) || !isCount(sequence) || timeNs === undefined) return undefined;
  const acceptedAtMs = Math.floor(timeNs / 1_000_000);
  return { prefix: tokens.slice(0, start), stream, consumer, delivered, sequence, acceptedAtMs, rest };
}

/** The subject that has these parts. */
export function ackSubject({ prefix, stream, consumer, rest }: AckSubject): string {
  return [...prefix, stream, consumer, ...rest].join('.');
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value > 0;
}
