import { InvalidArgumentError } from '../errors.ts';
import { appendLog } from './crdt/append-log.ts';
import type { Crdt } from './crdt/crdt.ts';
import { lwwRegister } from './crdt/lww-register.ts';
import { orSet } from './crdt/or-set.ts';
import { pnCounter } from './crdt/pn-counter.ts';

/**
 * What happens when writers of one key do not know of each other. Fixed by the first write of the key.
 *
 * - `reject`: a write with a revision that is no longer the newest one is refused.
 * - `last-writer`: the value with the later stamp of the hybrid clock stays.
 * - `merge:NAME`: a function merges the new value with the stored one.
 * - `crdt:KIND`: the value is changed by operations that always merge.
 */
export type Policy = 'reject' | 'last-writer' | `merge:${string}` | `crdt:${string}`;

/** Merges two values of a key. Deterministic; should be commutative and associative. May throw. */
export type MergeFunction = (stored: Uint8Array, written: Uint8Array) => Uint8Array;

/** A CRDT whose state and operations are opaque to its user. */
export type AnyCrdt = Crdt<unknown, unknown>;

const crdts: ReadonlyMap<string, AnyCrdt> = new Map(
  [lwwRegister, orSet, pnCounter, appendLog].map((crdt) => [crdt.kind, crdt as unknown as AnyCrdt]),
);

/** The CRDT of a policy; undefined for a policy that is none, or an unknown kind. */
export function crdtOf(policy: Policy): AnyCrdt | undefined {
  return policy.startsWith('crdt:') ? crdts.get(policy.slice('crdt:'.length)) : undefined;
}

/** Whether a change of a key with this policy needs the value that is stored. */
export function isMerged(policy: Policy): boolean {
  return policy.startsWith('merge:') || policy.startsWith('crdt:');
}

/**
 * Checks a policy from outside.
 *
 * @throws InvalidArgumentError naming `policy`, with the known names
 */
export function parsePolicy(text: string, merges: ReadonlyMap<string, MergeFunction>): Policy {
  if (text === 'reject' || text === 'last-writer') return text;
  const [family, name] = splitOnce(text);
  if (family === 'crdt' && crdts.has(name)) return `crdt:${name}`;
  if (family === 'merge' && merges.has(name)) return `merge:${name}`;
  const known = [
    'reject',
    'last-writer',
    ...[...merges.keys()].map((merge) => `merge:${merge}`),
    ...[...crdts.keys()].map((kind) => `crdt:${kind}`),
  ];
  throw new InvalidArgumentError(
    'policy',
    `must be one of ${known.join(', ')} (got ${JSON.stringify(text.slice(0, 100))})`,
  );
}

function splitOnce(text: string): [string, string] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}
