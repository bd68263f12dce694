import { canonicalJson, type Json } from './crdt/json.ts';
import type { MergeFunction } from './policy.ts';

/** Merge functions that every node knows, by name. Each one is for values that are JSON in UTF-8. */
export const knownMerges: ReadonlyMap<string, MergeFunction> = new Map([
  ['json-object', ofJson(mergeObjects)],
  ['json-union', ofJson(unite)],
  ['max', ofJson((a, b) => Math.max(numberOf(a), numberOf(b)))],
  ['min', ofJson((a, b) => Math.min(numberOf(a), numberOf(b)))],
]);

function ofJson(merge: (stored: Json, written: Json) => Json): MergeFunction {
  return (stored, written) => new TextEncoder().encode(JSON.stringify(merge(parse(stored), parse(written))));
}

function parse(bytes: Uint8Array): Json {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
}

/** Fields of both objects; of a field that both have, the written value, merged where both are objects. */
function mergeObjects(stored: Json, written: Json): Json {
  if (!isObject(stored) || !isObject(written)) return written;
  const merged: Record<string, Json> = { ...stored };
  for (const [name, value] of Object.entries(written)) {
    const before = Object.hasOwn(stored, name) ? stored[name] : undefined;
    const after = before === undefined ? value : mergeObjects(before, value);
    Object.defineProperty(merged, name, {
      value: after,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return merged;
}

/** Elements of both arrays, each once, in a fixed order. */
function unite(stored: Json, written: Json): Json {
  if (!Array.isArray(stored) || !Array.isArray(written)) throw new TypeError('both values must be arrays');
  const elements = new Map<string, Json>();
  for (const element of [...(stored as Json[]), ...(written as Json[])])
    elements.set(canonicalJson(element), element);
  return [...elements.keys()].toSorted().map((key) => elements.get(key) as Json);
}

function numberOf(value: Json): number {
  if (typeof value !== 'number') throw new TypeError('both values must be numbers');
  return value;
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
