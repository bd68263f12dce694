import { membersOf, skipSpace } from '../json/json-spans.ts';

/** Fields of an Ollama request body with which its prompt begins. */
const promptFields: ReadonlySet<string> = new Set(['system', 'messages', 'prompt', 'input']);

/**
 * The rest of the JSON text from the value of the first field that belongs to the prompt; empty if there is no such
 * field. Reads field names only at the top level and skips all other values, so a body is never parsed for its prompt.
 * For a text that is not JSON the result is an arbitrary part of it, because the prefix is only a hint for routing.
 */
export function findPrompt(body: Uint8Array): Uint8Array {
  const json = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  for (const { name, valueStart } of membersOf(json, skipSpace(json, 0)))
    if (promptFields.has(name)) return body.subarray(valueStart);
  return body.subarray(body.byteLength);
}
