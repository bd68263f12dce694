import { z } from 'zod';

/**
 * A positional tuple that only grows: fields at its end that this node does not know, from a newer one, are left out.
 * Every tuple on the wire is one of these, or an older node would refuse the whole message.
 */
export function growing<const T extends readonly [z.ZodType, ...z.ZodType[]]>(
  ...fields: T
): z.ZodType<{ [K in keyof T]: z.output<T[K]> }> {
  const known = z.tuple(fields as unknown as [z.ZodType, ...z.ZodType[]]).rest(z.unknown());
  return known.transform((value) => value.slice(0, fields.length)) as unknown as z.ZodType<{
    [K in keyof T]: z.output<T[K]>;
  }>;
}
