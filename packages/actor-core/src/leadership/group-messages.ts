import { pack, unpack } from 'msgpackr';
import type { Heartbeat, PrivateMessage } from './election/election-message.ts';

/*
 * Messages of a group on core NATS. Tuples that only grow.
 *
 * On the leader subject of the sender, for everybody:
 * - heartbeat: `[1, term, fence, incarnation, isResigning, sentAtMs, handsOverTo]`; nodes of 0.3.0 use the first five
 * - probe of a candidate, for itself: `[2, nonce, sentAtMs]`; other nodes ignore it
 *
 * On the election subject of the receiver: `[kind, term, …]`, see `encodeElection`.
 */

const heartbeatKind = 1;
const probeKind = 2;

/** A message on a leader subject. */
export type LeaderMessage =
  | Heartbeat
  | { readonly kind: 'probe'; readonly nonce: string; readonly sentAtMs: number };

export function encodeLeader(message: LeaderMessage): Uint8Array {
  if (message.kind === 'probe') return bytesOf([probeKind, message.nonce, message.sentAtMs]);
  const { term, fence, incarnation, isResigning, sentAtMs, handsOverTo } = message;
  return bytesOf([heartbeatKind, term, fence, incarnation, isResigning, sentAtMs, handsOverTo]);
}

/** Undefined for a payload that is no such message. */
export function decodeLeader(payload: Uint8Array): LeaderMessage | undefined {
  const tuple = tupleOf(payload);
  if (tuple?.[0] === probeKind) {
    const [, nonce, sentAtMs] = tuple;
    return typeof nonce === 'string' && typeof sentAtMs === 'number'
      ? { kind: 'probe', nonce, sentAtMs }
      : undefined;
  }
  if (tuple?.[0] !== heartbeatKind) return undefined;
  const [, term, fence, incarnation, isResigning, sentAtMs, handsOverTo] = tuple;
  if (!isCount(term) || !isCount(fence) || !isCount(incarnation) || typeof isResigning !== 'boolean')
    return undefined;
  return {
    kind: 'heartbeat',
    term,
    fence,
    incarnation,
    isResigning,
    sentAtMs: typeof sentAtMs === 'number' ? sentAtMs : 0,
    handsOverTo: typeof handsOverTo === 'string' ? handsOverTo : '',
  };
}

const privateKinds: readonly PrivateMessage['kind'][] = [
  'pre-vote',
  'pre-vote-answer',
  'vote',
  'vote-answer',
  'heartbeat-answer',
];

/** `[kind, term, argument]`; the argument depends on the kind. */
export function encodeElection(message: PrivateMessage): Uint8Array {
  return bytesOf([privateKinds.indexOf(message.kind), message.term, argumentOf(message)]);
}

/** Undefined for a payload that is no such message. */
export function decodeElection(payload: Uint8Array): PrivateMessage | undefined {
  const tuple = tupleOf(payload);
  const kind = privateKinds[tuple?.[0] as number];
  const [, term, argument] = tuple ?? [];
  if (kind === undefined || !isCount(term)) return undefined;
  switch (kind) {
    case 'pre-vote':
      return { kind, term };
    case 'pre-vote-answer':
    case 'vote-answer':
      return typeof argument === 'boolean' ? { kind, term, isGranted: argument } : undefined;
    case 'vote':
      return typeof argument === 'boolean' ? { kind, term, isTransfer: argument } : undefined;
    default:
      return typeof argument === 'number' ? { kind, term, sentAtMs: argument } : undefined;
  }
}

function argumentOf(message: PrivateMessage): boolean | number | null {
  switch (message.kind) {
    case 'pre-vote-answer':
    case 'vote-answer':
      return message.isGranted;
    case 'vote':
      return message.isTransfer;
    case 'heartbeat-answer':
      return message.sentAtMs;
    default:
      return null;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function bytesOf(tuple: readonly unknown[]): Uint8Array {
  return new Uint8Array(pack(tuple));
}

function tupleOf(payload: Uint8Array): readonly unknown[] | undefined {
  try {
    const value: unknown = unpack(payload);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
