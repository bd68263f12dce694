import type { SpawnSpec } from '../protocol/directory-message.ts';

/** A spawn request in one spelling: fields in order, absent ones left out, so that equal requests are equal text. */
export function canonicalRequest(spec: SpawnSpec): string {
  return JSON.stringify(
    sorted({ type: spec.type, name: spec.name, model: spec.model, options: spec.options }),
  );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
