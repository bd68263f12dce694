import type { RawJson } from '../../go-compat/raw-json.ts';

/**
 * Go's list of stop strings from OpenAI's `stop`: one string, or those members of a list that are strings. Null for a
 * list without any: Go's slice is nil then, and the model keeps the stop strings of its own.
 */
export function stopList(stop: RawJson | undefined): readonly string[] | null | undefined {
  const value = stop?.kind === 'string' || stop?.kind === 'array' ? stop.parse() : undefined;
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return undefined;
  const strings = value.filter((item): item is string => typeof item === 'string');
  return strings.length === 0 ? null : strings;
}
