/** Fields of an Ollama request body with which its prompt begins. */
const promptFields: ReadonlySet<string> = new Set(['system', 'messages', 'prompt', 'input']);

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/**
 * The rest of the JSON text from the value of the first field that belongs to the prompt; empty if there is no such
 * field. Reads field names only at the top level and skips all other values, so a body is never parsed for its prompt.
 * For a text that is not JSON the result is an arbitrary part of it, because the prefix is only a hint for routing.
 */
export function findPrompt(body: Uint8Array): Uint8Array {
  const json = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let at = skipSpace(json, 0) + 1;
  while (at < json.length) {
    const nameStart = json.indexOf(quote, at);
    if (nameStart < 0) break;
    const nameEnd = stringEnd(json, nameStart);
    const valueStart = skipSpace(json, skipSpace(json, nameEnd, colon));
    if (promptFields.has(json.toString('utf8', nameStart + 1, nameEnd - 1))) return body.subarray(valueStart);
    at = valueEnd(json, valueStart) + 1;
  }
  return body.subarray(body.byteLength);
}

/** Index of the first byte from `from` that is neither space nor `also`. */
function skipSpace(json: Buffer, from: number, also = 0x20): number {
  let at = from;
  while (at < json.length && ((json[at] ?? 0) <= 0x20 || json[at] === also)) at += 1;
  return at;
}

/** Index after the closing quote of the string that begins at `start`. */
function stringEnd(json: Buffer, start: number): number {
  for (let end = json.indexOf(quote, start + 1); end >= 0; end = json.indexOf(quote, end + 1)) {
    let escapes = 0;
    while (json[end - 1 - escapes] === backslash) escapes += 1;
    if (escapes % 2 === 0) return end + 1;
  }
  return json.length;
}

/** Index after the value that begins at `start`. */
function valueEnd(json: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  while (at < json.length) {
    const byte = json[at];
    if (byte === quote) at = stringEnd(json, at);
    else if (depth === 0 && (byte === comma || byte === closeBrace)) return at;
    else {
      if (byte === openBrace || byte === openBracket) depth += 1;
      else if (byte === closeBrace || byte === closeBracket) depth -= 1;
      at += 1;
    }
  }
  return json.length;
}
