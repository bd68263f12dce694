import type { InferenceRoute } from '@drover/fleet';

/** Ollama reads `keep_alive` in the requests of these routes. */
const routes: readonly InferenceRoute[] = ['chat', 'generate', 'embed', 'embeddings'];

/**
 * Adds `keepAlive` as `keep_alive` to a request that has none.
 *
 * The field is put first, and the rest of the body stays as the client wrote it. Of two fields with one name (in any
 * case) Ollama uses the last one, so a field of the client takes precedence, also with `null` (the host's default).
 */
export function withDefaultKeepAlive(route: InferenceRoute, body: Uint8Array, keepAlive: string): Uint8Array {
  const brace = body.indexOf(0x7b);
  if (keepAlive === '' || !routes.includes(route) || brace < 0) return body;
  // Ollama reads a number as seconds; the same digits as a string are an error.
  const value = /^-?\d+$/.test(keepAlive) ? keepAlive : JSON.stringify(keepAlive);
  const rest = body.subarray(brace + 1);
  const isEmpty = /^\s*\}/.test(Buffer.from(rest.subarray(0, 64)).toString('latin1'));
  const field = Buffer.from(`"keep_alive":${value}${isEmpty ? '' : ','}`);
  return Buffer.concat([body.subarray(0, brace + 1), field, rest]);
}
