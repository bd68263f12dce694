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
