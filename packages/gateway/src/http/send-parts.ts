import type { Exchange } from './exchange.ts';

/**
 * Sends content of a known length in parts, as fast as the client reads them. The last part is sent only when all of it
 * was read without an error; after an error the connection is closed, so that the client sees that the content is
 * incomplete.
 *
 * @throws what the reading of the parts throws
 */
export async function sendParts(
  exchange: Exchange,
  { contentType, bytes }: { readonly contentType: string; readonly bytes: number },
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  exchange.setHeader('content-length', String(bytes));
  exchange.begin(200, contentType);
  if (exchange.method === 'HEAD') return exchange.end();
  let held: Uint8Array | undefined;
  try {
    for await (const part of parts) {
      if (exchange.isGone) return;
      if (held !== undefined && !exchange.writeBytes(held)) await exchange.drained();
      held = part;
    }
  } catch (error) {
    exchange.destroy();
    throw error;
  }
  if (held !== undefined) exchange.writeBytes(held);
  exchange.end();
}
