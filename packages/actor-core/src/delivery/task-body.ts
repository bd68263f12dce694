import { z } from 'zod';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The body of a task with a message: JSON. */
export function encodeTask(message: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(message));
}

/** The message of a task, or why its body does not fit. */
export function decodeTask<M>(
  protocol: z.ZodType<M>,
  body: Uint8Array,
): { readonly fits: true; readonly value: M } | { readonly fits: false; readonly detail: string } {
  try {
    const parsed = protocol.safeParse(JSON.parse(decoder.decode(body)));
    return parsed.success
      ? { fits: true, value: parsed.data }
      : { fits: false, detail: z.prettifyError(parsed.error) };
  } catch (error) {
    return { fits: false, detail: (error as Error).message };
  }
}
