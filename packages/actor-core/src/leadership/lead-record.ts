import type { LogRecord } from '../storage/log/log.ts';
import type { LogInfo } from '../storage/log/log-spec.ts';

/** The newest record on the lead subject of a group's log: who leads since when. */
export interface LeadRecord {
  readonly leader: string;
  /** Of the process that wrote it. */
  readonly incarnation: number;
  readonly term: number;
  /** Identifies the candidacy that wrote it: two processes may run under one node id. Nodes of 0.3.0 write none. */
  readonly nonce?: string;
  /** The fencing token. */
  readonly sequence: number;
}

/** Encoded as JSON, so that any tool can show the leader. Fields are only ever added. */
export function encodeLeadRecord(record: Omit<LeadRecord, 'sequence'>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ v: 1, ...record }));
}

/**
 * @throws SyntaxError or TypeError for a record that is no lead record: no node may lead over a record it cannot read
 */
export function decodeLeadRecord(stored: LogRecord): LeadRecord {
  const { leader, incarnation, term, nonce } = JSON.parse(new TextDecoder().decode(stored.payload)) as Record<
    string,
    unknown
  >;
  if (typeof leader !== 'string' || !Number.isSafeInteger(incarnation) || !Number.isSafeInteger(term)) {
    throw new TypeError(`${stored.subject} holds a record that is no lead record`);
  }
  const { sequence } = stored;
  const read = { leader, incarnation: incarnation as number, term: term as number, sequence };
  return typeof nonce === 'string' ? { ...read, nonce } : read;
}

/** What a candidate that may write the lead record does about the newest one. */
export type TakeDecision =
  /** Write a record with this term, if `after` is still the sequence of the newest one. */
  | { readonly do: 'take'; readonly after: number; readonly term: number }
  /** Its writer has not been heard yet: give it the time of an election. */
  | { readonly do: 'wait'; readonly term: number; readonly fence: number }
  /** The log has less than this node knows of: a read that lags behind, or a log that lost records. */
  | { readonly do: 'examine' };

/**
 * A read never makes a leader, not even of a record that this node wrote: it may be stale. Only the compare-and-set on
 * the sequence that was read does.
 *
 * @param known highest fence that this node knows, and the least term of the new record
 * @param isOver whether the writer of a record is known to have ended
 */
export function decideTake(
  known: { readonly fence: number; readonly term: number },
  newest: LeadRecord | undefined,
  isOver: (record: LeadRecord) => boolean,
): TakeDecision {
  if ((newest?.sequence ?? 0) < known.fence) return { do: 'examine' };
  if (newest === undefined) return { do: 'take', after: 0, term: Math.max(1, known.term) };
  const { sequence, term } = newest;
  if (sequence > known.fence && !isOver(newest)) return { do: 'wait', term, fence: sequence };
  return { do: 'take', after: sequence, term: Math.max(known.term, term + 1) };
}

/** What this node knows about the identity of a group's log. */
export interface LogSeen {
  /** Which log it is; undefined before the first look. */
  readonly created: string | undefined;
  /** How often in a row it had less than this node knows of. */
  readonly shortLooks: number;
  /** Instant of the first of these looks. */
  readonly shortSinceMs: number;
}

export const noLogSeen: LogSeen = { created: undefined, shortLooks: 0, shortSinceMs: 0 };

/**
 * How often in a row, and for how long, the log has to lack a lead record before it counts as lost. After the loss of a
 * server, one that lags behind may answer as the leader for some seconds (measured on three servers).
 */
const shortLooksBelieved = 4;
const shortBelievedMs = 5_000;

/** Whether a log that lacks a lead record has lost it: because it is another log, or was rolled back. */
export function decideLoss(
  seen: LogSeen,
  { created }: Pick<LogInfo, 'created'>,
  nowMs: number,
): { readonly seen: LogSeen; readonly isLost: boolean } {
  const shortLooks = seen.shortLooks + 1;
  const shortSinceMs = seen.shortLooks === 0 ? nowMs : seen.shortSinceMs;
  const isAnother = seen.created !== undefined && created !== seen.created;
  const isShort = shortLooks >= shortLooksBelieved && nowMs - shortSinceMs >= shortBelievedMs;
  const isLost = isAnother || isShort;
  return { seen: { created, shortLooks: isLost ? 0 : shortLooks, shortSinceMs }, isLost };
}
