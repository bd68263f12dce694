import type { SpawnSpec } from '../protocol/directory-request.ts';

/** A spawn request as canonical JSON (sorted fields, no undefined ones): equal requests give equal text. */
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
