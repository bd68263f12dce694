import { RequestFailure } from '../errors.ts';

/** Go's list of stop strings from OpenAI's `stop`: one string, or those members of a list that are strings. */
export function stopList(stop: unknown): readonly string[] | undefined {
  if (typeof stop === 'string') return [stop];
  if (Array.isArray(stop)) return stop.filter((item): item is string => typeof item === 'string');
  return undefined;
}

/** Leaves out what is undefined, so that it does not become null on the wire. */
export function definedOnly(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/**
 * The translated request as it goes to a host.
 *
 * @throws RequestFailure 400 for values nested deeper than can be written
 */
export function writeNative(request: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(definedOnly(request));
  } catch (cause) {
    throw new RequestFailure(400, 'invalid-json', 'exceeded max depth', { cause });
  }
}
