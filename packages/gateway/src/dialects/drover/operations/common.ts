import { z } from 'zod';

/** Schemas that several groups of operations use. */

export const failureSchema: z.ZodType = z
  .looseObject({
    error: z.looseObject({
      code: z.string().describe('Stable; the text is not.'),
      message: z.string(),
      field: z.string().optional().describe('The field, parameter or header that is wrong.'),
      requestId: z.string(),
    }),
  })
  .meta({ id: 'Error' });

export const milliseconds: z.ZodNumber = z.number().min(0);

/** A point in time in ISO 8601. */
export const instant: z.ZodISODateTime = z.iso.datetime();

/** A number in a query string. */
export function queryNumber(description: string): z.ZodOptional<z.ZodString> {
  return z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .describe(description);
}

export const cursorQuery: {
  readonly cursor: z.ZodOptional<z.ZodString>;
  readonly limit: z.ZodOptional<z.ZodString>;
} = {
  cursor: z.string().optional().describe('`cursor` of the page before.'),
  limit: queryNumber('Most entries of the page.'),
};

/** A stream of server-sent events. */
export const eventStream = 'text/event-stream';
