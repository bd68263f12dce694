import type { BlobContent } from '../storage/blob/blob.ts';

/** A value that is put: in one piece, or in parts that are read once. */
export type MemoryContent = Uint8Array | AsyncIterable<Uint8Array>;

/** Content whose size is known to fit into a record, or not. */
export type SizedContent =
  | { readonly kind: 'small'; readonly value: Uint8Array }
  | { readonly kind: 'large'; readonly content: BlobContent };

/**
 * Reads as much of the content as shows whether it has at most `maxBytes`. Content that has more is returned as a
 * whole: the parts that were read, and those that follow.
 */
export async function sizeContent(content: MemoryContent, maxBytes: number): Promise<SizedContent> {
  if (content instanceof Uint8Array)
    return content.length <= maxBytes ? { kind: 'small', value: content } : { kind: 'large', content };
  const parts = content[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const next = await parts.next();
    if (next.done === true) return { kind: 'small', value: joined(first, bytes) };
    first.push(next.value);
    bytes += next.value.length;
    if (bytes > maxBytes) return { kind: 'large', content: rejoined(first, parts) };
  }
}

async function* rejoined(first: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for (let part = first.shift(); part !== undefined; part = first.shift()) yield part;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
