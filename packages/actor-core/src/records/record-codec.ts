import type { z } from 'zod';
import { RecordUnreadableError } from '../errors.ts';

/** Records are JSON, readable with any NATS tool. */
export function encodeRecord(record: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}

/** @throws RecordUnreadableError */
export function decodeRecord<T>(subject: string, payload: Uint8Array, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(payload));
  } catch (cause) {
    throw new RecordUnreadableError(subject, 'it is not JSON', { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new RecordUnreadableError(subject, `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  return parsed.data;
}
