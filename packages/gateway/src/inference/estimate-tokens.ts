/** Bytes of a token at least, for most texts: the rest of an estimate comes back when the answer is there. */
const bytesPerToken = 3;

/** The fields of a request to Ollama that say how long prompt and answer are. */
interface SizedRequest {
  readonly options?: { readonly num_predict?: unknown };
  readonly [field: string]: unknown;
}

/** Fields with texts of the prompt. Images are left out. */
const textFields = ['prompt', 'system', 'suffix', 'input', 'tools', 'format'] as const;

/**
 * Tokens that a request to a host may need: its texts, and the longest answer that it allows. `usualOutput` stands for
 * an answer whose length is not limited.
 */
export function estimateTokens(body: Uint8Array, usualOutput: number, isEmbedding: boolean): number {
  let request: SizedRequest;
  try {
    request = JSON.parse(new TextDecoder().decode(body)) as SizedRequest;
  } catch {
    // The host refuses the request.
    return 1;
  }
  let bytes = textFields.reduce((sum, field) => sum + sizeOf(request[field]), 0);
  const messages: unknown = request['messages'];
  for (const message of Array.isArray(messages) ? messages : [])
    bytes += sizeOf({ ...(message as object), images: undefined });
  const prompt = Math.max(1, Math.ceil(bytes / bytesPerToken));
  if (isEmbedding) return prompt;
  const limit = Number(request.options?.num_predict);
  return prompt + (Number.isSafeInteger(limit) && limit > 0 ? limit : usualOutput);
}

function sizeOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  return Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));
}
