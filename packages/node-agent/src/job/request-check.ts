import type { InferenceRoute } from '@drover/fleet';

/** Facts that the node-agent reads from a body; the body itself is passed on unchanged. */
export interface RequestFacts {
  /** Ollama-style error text of a request that must not reach Ollama. */
  readonly rejection: string | undefined;
  /** The request sets how long its model stays loaded, so the loaded models may change at its end. */
  readonly setsKeepAlive: boolean;
}

/**
 * Finds requests whose answer would never end: `num_predict: 0` runs for ever on models with a Go template (measured,
 * `ollama-observed.md` part 1). Ollama itself reports all other errors of a body. The body is parsed only if it
 * contains the name of the field.
 */
export function checkRequest(route: InferenceRoute, body: Uint8Array): RequestFacts {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const setsKeepAlive = bytes.includes('"keep_alive"');
  const generates = route === 'chat' || route === 'generate';
  const endless = generates && bytes.includes('num_predict') && asksForNothing(bytes);
  const rejection = endless ? 'option "num_predict" must not be 0' : undefined;
  return { rejection, setsKeepAlive };
}

function asksForNothing(bytes: Buffer): boolean {
  let request: unknown;
  try {
    request = JSON.parse(bytes.toString('utf8'));
  } catch {
    return false;
  }
  // Ollama ignores the case of field names, but not that of option names.
  const options = Object.entries(request ?? {}).findLast(
    ([field]) => field.toLowerCase() === 'options',
  )?.[1] as unknown;
  return (
    typeof options === 'object' && options !== null && 'num_predict' in options && options.num_predict === 0
  );
}
