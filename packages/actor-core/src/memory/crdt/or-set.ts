import { z } from 'zod';
import type { Crdt } from './crdt.ts';
import { canonicalJson, type Json } from './json.ts';
import { parseWith } from './parse-operation.ts';

/** Number of the newest addition of each replica. */
type Versions = Readonly<Record<string, number>>;

/**
 * Additions by element, and everything that was ever seen. An addition that is in `seen` and not in `elements` was
 * removed: no tombstones are needed. Source: Bieniusa et al., "An optimized conflict-free replicated set", 2012.
 */
export interface SetState {
  readonly seen: Versions;
  /** By canonical JSON of the element. */
  readonly elements: Readonly<Record<string, Versions>>;
}

export type SetOperation = { readonly add: Json } | { readonly remove: Json };

/** A set; an element that is added and removed at the same time stays. */
export const orSet: Crdt<SetState, SetOperation> = {
  kind: 'or-set',
  empty: { seen: {}, elements: {} },
  apply: (state, operation, { replica }) =>
    'add' in operation
      ? add(state, canonicalJson(operation.add), replica)
      : remove(state, canonicalJson(operation.remove)),
  merge: ({ seen, elements }, other) => {
    const merged: Record<string, Versions> = {};
    for (const key of new Set([...Object.keys(elements), ...Object.keys(other.elements)])) {
      const kept = keep(elements[key] ?? {}, other.elements[key] ?? {}, seen, other.seen);
      if (Object.keys(kept).length > 0) merged[key] = kept;
    }
    return { seen: newest(seen, other.seen), elements: merged };
  },
  value: ({ elements }) =>
    Object.keys(elements)
      .toSorted()
      .map((key) => JSON.parse(key) as Json),
  parse: parseWith(z.union([z.strictObject({ add: z.json() }), z.strictObject({ remove: z.json() })])),
};

function add({ seen, elements }: SetState, key: string, replica: string): SetState {
  const version = (seen[replica] ?? 0) + 1;
  // The new addition replaces those that this replica knows of.
  return { seen: { ...seen, [replica]: version }, elements: { ...elements, [key]: { [replica]: version } } };
}

function remove({ seen, elements }: SetState, key: string): SetState {
  const { [key]: _removed, ...kept } = elements;
  return { seen, elements: kept };
}

/** Additions that both sides have, and those of one side that the other has not seen yet. */
function keep(a: Versions, b: Versions, seenByA: Versions, seenByB: Versions): Versions {
  const kept: Record<string, number> = {};
  for (const [replica, version] of Object.entries(a))
    if (b[replica] === version || version > (seenByB[replica] ?? 0)) kept[replica] = version;
  for (const [replica, version] of Object.entries(b))
    if (version > (seenByA[replica] ?? 0)) kept[replica] = version;
  return kept;
}

function newest(a: Versions, b: Versions): Versions {
  const merged: Record<string, number> = { ...a };
  for (const [replica, version] of Object.entries(b))
    merged[replica] = Math.max(version, merged[replica] ?? 0);
  return merged;
}
