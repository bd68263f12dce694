import { z } from 'zod';

/**
 * Schema of a positional tuple that only grows: further fields at the end, sent by a newer node, are ignored. Every
 * tuple on the wire uses it; otherwise an older node would refuse the whole message.
 */
export function growing<const T extends readonly [z.ZodType, ...z.ZodType[]]>(
  ...fields: T
): z.ZodType<{ [K in keyof T]: z.output<T[K]> }> {
  const known = z.tuple(fields as unknown as [z.ZodType, ...z.ZodType[]]).rest(z.unknown());
  return known.transform((value) => value.slice(0, fields.length)) as unknown as z.ZodType<{
    [K in keyof T]: z.output<T[K]>;
  }>;
}
