import type { Json } from './crdt/json.ts';
import type { MemoryRead, ReadLevel } from './memory.ts';
import { type AnyCrdt, crdtOf } from './policy.ts';
import { revisionOf, type StoredValue } from './stored-value.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** What readers of a CRDT see, by its stored state. */
const views = new WeakMap<StoredValue, Uint8Array>();

/** What a reader of a key gets; undefined for a key without a value. */
export function entryOf(
  key: string,
  stored: StoredValue,
  level: ReadLevel,
  ageMs: number,
): MemoryRead | undefined {
  if (stored.kind !== 'value') return undefined;
  const { meta, changedAtMs } = stored;
  return {
    key,
    value: meta.policy.startsWith('crdt:') ? viewOf(stored) : stored.value,
    revision: revisionOf(stored),
    contentType: meta.contentType,
    policy: meta.policy,
    changedAtMs,
    expiresAtMs: meta.expiresAtMs,
    level,
    ageMs,
  };
}

/** The value that a stored state of a CRDT has. */
export function valueOfCrdt(crdt: AnyCrdt, { value }: StoredValue): Json {
  return crdt.value(JSON.parse(decoder.decode(value)));
}

function viewOf(stored: StoredValue): Uint8Array {
  const known = views.get(stored);
  if (known !== undefined) return known;
  const crdt = crdtOf(stored.meta.policy);
  // A kind that only a newer release knows: its state as it is.
  if (crdt === undefined) return stored.value;
  const view = encoder.encode(JSON.stringify(valueOfCrdt(crdt, stored)));
  views.set(stored, view);
  return view;
}
