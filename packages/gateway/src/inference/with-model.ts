import { JsonScanner } from '../go-compat/json-scanner.ts';
import { takeRaw } from '../go-compat/raw-json.ts';

/**
 * A native request for another model. Only the name is replaced, wherever the request has it; all other bytes stay as
 * they are. Ollama ignores the case of keys, and `/api/show` reads `name` if `model` is absent.
 *
 * @param body valid JSON of an object, maybe with more text behind it
 */
export function withModel(body: Uint8Array, model: string, keys: readonly string[] = ['model']): Uint8Array {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  const name = Buffer.from(JSON.stringify(model));
  const parts: Uint8Array[] = [];
  let kept = 0;
  const scan = JsonScanner.ofValid(text, true);
  scan.skipSpace();
  if (text.charAt(scan.at) === '{' && scan.enter()) {
    do {
      const isName = keys.includes(scan.key().toLowerCase());
      const { text: value } = takeRaw(scan);
      if (!isName) continue;
      parts.push(body.subarray(kept, scan.at - value.length), name);
      kept = scan.at;
    } while (scan.continues(true));
  }
  return Buffer.concat([...parts, body.subarray(kept)]);
}
