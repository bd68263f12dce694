import { pack, unpack } from 'msgpackr';
import type { LogRecord } from '../storage/log/log.ts';
import type { LeadRecord } from './leadership-state.ts';

/** Encoded as JSON, so that any tool can show the leader. Fields are only ever added. */
export function encodeLeadRecord(record: Omit<LeadRecord, 'sequence'>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ v: 1, ...record }));
}

/**
 * @throws SyntaxError or TypeError for a record that is no lead record: no node may lead over a record it cannot read
 */
export function decodeLeadRecord(stored: LogRecord): LeadRecord {
  const { leader, incarnation, term } = JSON.parse(new TextDecoder().decode(stored.payload)) as Record<
    string,
    unknown
  >;
  if (typeof leader !== 'string' || !Number.isSafeInteger(incarnation) || !Number.isSafeInteger(term)) {
    throw new TypeError(`${stored.subject} holds a record that is no lead record`);
  }
  return { leader, incarnation: incarnation as number, term: term as number, sequence: stored.sequence };
}

/** A leader's heartbeat. On the wire `[1, term, fence, incarnation, isResigning]`, which only grows. */
export interface LeaderHeartbeat {
  readonly term: number;
  readonly fence: number;
  readonly incarnation: number;
  readonly isResigning: boolean;
}

export function encodeHeartbeat({ term, fence, incarnation, isResigning }: LeaderHeartbeat): Uint8Array {
  return new Uint8Array(pack([1, term, fence, incarnation, isResigning]));
}

/** Undefined for a payload that is no heartbeat. */
export function decodeHeartbeat(payload: Uint8Array): LeaderHeartbeat | undefined {
  let value: unknown;
  try {
    value = unpack(payload);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value[0] !== 1) return undefined;
  const [, term, fence, incarnation, isResigning] = value as unknown[];
  if (
    ![term, fence, incarnation].every((number) => Number.isSafeInteger(number)) ||
    typeof isResigning !== 'boolean'
  )
    return undefined;
  return { term: term as number, fence: fence as number, incarnation: incarnation as number, isResigning };
}
