import type { InferenceRoute } from '@drover/fleet';

/** Ollama reads `keep_alive` in the requests of these routes. */
const routes: readonly InferenceRoute[] = ['chat', 'generate', 'embed', 'embeddings'];

/**
 * The request with `keepAlive` as its `keep_alive`, unless it carries one.
 *
 * The field is put first and everything else stays as the client wrote it: Ollama takes the last of two fields of one
 * name, whatever its case, so a field of the client's own wins, `null` (the host's default) included.
 */
export function withDefaultKeepAlive(route: InferenceRoute, body: Uint8Array, keepAlive: string): Uint8Array {
  const brace = body.indexOf(0x7b);
  if (keepAlive === '' || !routes.includes(route) || brace < 0) return body;
  // A bare number is seconds to Ollama as a number, and an error as a string.
  const value = /^-?\d+$/.test(keepAlive) ? keepAlive : JSON.stringify(keepAlive);
  const rest = body.subarray(brace + 1);
  const isEmpty = /^\s*\}/.test(Buffer.from(rest.subarray(0, 64)).toString('latin1'));
  const field = Buffer.from(`"keep_alive":${value}${isEmpty ? '' : ','}`);
  return Buffer.concat([body.subarray(0, brace + 1), field, rest]);
}
