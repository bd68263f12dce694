import { pack, unpack } from 'msgpackr';
import { maxFactsBytes } from '../member-facts.ts';
import type { SwimStatus } from './member-list.ts';
import type { DigestEntry, Rumour, SelfClaim, SwimEnvelope, SwimMessage } from './swim-message.ts';

/**
 * The bytes of an envelope: a positional tuple that only grows, `[1, self, rumours, kind, …fields of the kind]`.
 *
 * | part | fields |
 * |---|---|
 * | `self` | incarnation, refutation, metadataVersion, lagMs, metadata or nothing |
 * | rumour | node, incarnation, refutation, status, accuser |
 * | digest entry | node, incarnation, refutation, status, metadataVersion |
 *
 * Kinds and statuses are the positions in the lists below, which only grow. A kind that this version does not know is
 * read as `gossip`: what the sender states about itself counts all the same.
 */
const version = 1;

const kinds: readonly SwimMessage['kind'][] = [
  'gossip',
  'ping',
  'ack',
  'ping-request',
  'relayed-ack',
  'nack',
  'sync',
  'digest',
  'announce',
  'leave',
  'echo',
];
const statuses: readonly SwimStatus[] = ['alive', 'suspect', 'unreachable', 'left'];

const maxRumours = 256;
const maxEntries = 16_384;
const tokenPattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/**
 * The list is not stopped at its first invalid element: an unknown status of a later version costs that element only.
 */
const invalid = Symbol('invalid');
type Maybe<T> = T | typeof invalid;

export function encodeSwim({ self, rumours, message }: SwimEnvelope): Uint8Array {
  const { incarnation, refutation, metadataVersion, lagMs, metadata } = self;
  const claim: unknown[] = [incarnation, refutation, metadataVersion, Math.round(lagMs)];
  if (metadata !== undefined) claim.push(metadata);
  const tuple = [
    version,
    claim,
    rumours.map(({ node, incarnation: of, refutation: at, status, accuser }) => [
      node,
      of,
      at,
      statuses.indexOf(status),
      accuser,
    ]),
    kinds.indexOf(message.kind),
    ...fieldsOf(message),
  ];
  return new Uint8Array(pack(tuple));
}

/** Reads an envelope; undefined for bytes that are none. */
export function decodeSwim(payload: Uint8Array): SwimEnvelope | undefined {
  let value: unknown;
  try {
    value = unpack(payload);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value[0] !== version) return undefined;
  const [, claim, rumours, kind, ...fields] = value as unknown[];
  const self = readClaim(claim);
  const message = readMessage(kind, fields);
  if (self === undefined || message === undefined) return undefined;
  if (!Array.isArray(rumours) || rumours.length > maxRumours) return undefined;
  return { self, rumours: readAll(rumours, readRumour), message };
}

function fieldsOf(message: SwimMessage): unknown[] {
  switch (message.kind) {
    case 'ping':
      return [message.sequence, message.metadataVersion];
    case 'ack':
      return [message.sequence];
    case 'ping-request':
    case 'relayed-ack':
    case 'nack':
      return [message.sequence, message.target];
    case 'sync':
      return [message.hash];
    case 'digest':
      return [
        message.entries.map(({ node, incarnation, refutation, status, metadataVersion }) => [
          node,
          incarnation,
          refutation,
          statuses.indexOf(status),
          metadataVersion,
        ]),
        message.isReply,
      ];
    case 'announce':
      return [message.isJoining];
    case 'echo':
      return [message.sentAtMs];
    default:
      return [];
  }
}

function readMessage(code: unknown, [first, second]: readonly unknown[]): SwimMessage | undefined {
  if (!isCount(code)) return undefined;
  const kind = kinds[code] ?? 'gossip';
  switch (kind) {
    case 'ping':
      return isCount(first) && isCount(second)
        ? { kind, sequence: first, metadataVersion: second }
        : undefined;
    case 'ack':
      return isCount(first) ? { kind, sequence: first } : undefined;
    case 'ping-request':
    case 'relayed-ack':
    case 'nack':
      return isCount(first) && isNode(second) ? { kind, sequence: first, target: second } : undefined;
    case 'sync':
      return isCount(first) ? { kind, hash: first } : undefined;
    case 'digest':
      if (!Array.isArray(first) || first.length > maxEntries || typeof second !== 'boolean') return undefined;
      return { kind, entries: readAll(first, readEntry), isReply: second };
    case 'announce':
      return typeof first === 'boolean' ? { kind, isJoining: first } : undefined;
    case 'echo':
      return typeof first === 'number' && Number.isFinite(first) ? { kind, sentAtMs: first } : undefined;
    default:
      return { kind };
  }
}

function readClaim(claim: unknown): SelfClaim | undefined {
  if (!Array.isArray(claim)) return undefined;
  const [incarnation, refutation, metadataVersion, lagMs, metadata] = claim as unknown[];
  if (!isCount(incarnation) || incarnation < 1 || !isCount(refutation)) return undefined;
  if (!isCount(metadataVersion) || !isCount(lagMs)) return undefined;
  const known = { incarnation, refutation, metadataVersion, lagMs };
  if (metadata === undefined) return known;
  if (!(metadata instanceof Uint8Array) || metadata.length > maxFactsBytes) return undefined;
  // A copy: the original is a part of the buffer of the connection.
  return { ...known, metadata: new Uint8Array(metadata) };
}

function readRumour(value: unknown): Maybe<Rumour> {
  if (!Array.isArray(value)) return invalid;
  const [node, incarnation, refutation, status, accuser] = value as unknown[];
  const known = statusOf(status);
  if (!isNode(node) || !isCount(incarnation) || !isCount(refutation)) return invalid;
  if (known === undefined || !isNode(accuser)) return invalid;
  return { node, incarnation, refutation, status: known, accuser };
}

function readEntry(value: unknown): Maybe<DigestEntry> {
  if (!Array.isArray(value)) return invalid;
  const [node, incarnation, refutation, status, metadataVersion] = value as unknown[];
  const known = statusOf(status);
  if (!isNode(node) || !isCount(incarnation) || !isCount(refutation)) return invalid;
  if (known === undefined || !isCount(metadataVersion)) return invalid;
  return { node, incarnation, refutation, status: known, metadataVersion };
}

function readAll<T>(values: readonly unknown[], read: (value: unknown) => Maybe<T>): T[] {
  const valid: T[] = [];
  for (const value of values) {
    const one = read(value);
    if (one !== invalid) valid.push(one);
  }
  return valid;
}

function statusOf(code: unknown): SwimStatus | undefined {
  return isCount(code) ? statuses[code] : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isNode(value: unknown): value is string {
  return typeof value === 'string' && tokenPattern.test(value);
}
