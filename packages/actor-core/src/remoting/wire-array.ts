import { z } from 'zod';

/**
 * Schema of an array from another node. Its length is checked before its elements, and the first element that does not
 * fit ends the check. `z.array` collects an issue for each bad element, which took 4 s for a megabyte of them, and
 * threw for a nested array.
 */
export function wireArray<T>(
  element: z.ZodType<T>,
  maxLength: number = Number.POSITIVE_INFINITY,
): z.ZodType<readonly T[]> {
  return z.unknown().transform((value, context) => {
    const refuse = (message: string, path: PropertyKey[] = []): never => {
      context.addIssue({ code: 'custom', message, path });
      return z.NEVER;
    };
    if (!Array.isArray(value)) return refuse('expected an array');
    if (value.length > maxLength) return refuse(`has more than ${maxLength} elements`);
    const elements: T[] = [];
    for (const [index, one] of value.entries()) {
      const parsed = element.safeParse(one);
      if (!parsed.success) {
        const issue = parsed.error.issues[0];
        return refuse(issue?.message ?? 'does not fit', [index, ...(issue?.path ?? [])]);
      }
      elements.push(parsed.data);
    }
    return elements;
  });
}

/** The same for strings, without a schema call for each element, since chunks of tokens have many. */
export const wireStrings: z.ZodType<readonly string[]> = z.custom<readonly string[]>(
  (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
  'expected an array of strings',
);
