import type { InferenceRoute } from '@drover/fleet';

/** What the agent reads out of a body it otherwise passes on untouched. */
export interface RequestFacts {
  /** Ollama-style error text of a request that must not reach Ollama. */
  readonly rejection: string | undefined;
  /** The request says how long its model stays loaded, so what is loaded may change when it ends. */
  readonly setsKeepAlive: boolean;
}

/**
 * Guards Ollama against requests that it answers without end: `num_predict: 0` runs for ever on models with a
 * Go template (measured, `ollama-observed.md` part 1). Everything else wrong with a body is Ollama's to say.
 * The body is parsed only if it can contain such a field at all.
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
  // Ollama matches field names without case, option names with it.
  const options = Object.entries(request ?? {}).findLast(
    ([field]) => field.toLowerCase() === 'options',
  )?.[1] as unknown;
  return (
    typeof options === 'object' && options !== null && 'num_predict' in options && options.num_predict === 0
  );
}
