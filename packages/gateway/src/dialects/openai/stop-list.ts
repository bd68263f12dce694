import type { RawJson } from '../../go-compat/raw-json.ts';

/**
 * Stop strings of OpenAI's `stop`: one string, or those elements of a list that are strings. Null for a list without
 * strings, as for Go's nil slice: the model then uses its own stop strings.
 */
export function stopList(stop: RawJson | undefined): readonly string[] | null | undefined {
  const value = stop?.kind === 'string' || stop?.kind === 'array' ? stop.parse() : undefined;
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return undefined;
  const strings = value.filter((item): item is string => typeof item === 'string');
  return strings.length === 0 ? null : strings;
}
