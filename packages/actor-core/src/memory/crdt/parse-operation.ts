import type { z } from 'zod';
import { InvalidArgumentError } from '../../errors.ts';

/** Checks an operation from outside. */
export function parseWith<Operation>(schema: z.ZodType<Operation>): (operation: unknown) => Operation {
  return (operation) => {
    const parsed = schema.safeParse(operation);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const field = ['operation', ...(issue?.path ?? [])].join('.');
    throw new InvalidArgumentError(field, issue?.message ?? 'is not valid');
  };
}
