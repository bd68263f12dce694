import { RequestFailure } from '../errors.ts';
import { type Bound, decodeStruct } from '../go-compat/decode-struct.ts';
import type { GoStruct } from '../go-compat/go-struct.ts';
import { JsonScanner } from '../go-compat/json-scanner.ts';
import { type RawJson, takeRaw } from '../go-compat/raw-json.ts';

/** Parses a host's answer, or one line of it. @throws RequestFailure 502 if it is not JSON */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badAnswer(cause);
  }
}

/**
 * Decodes a host's answer, or one line of it, with the raw fields of `struct` kept as text.
 *
 * @throws RequestFailure 502 if it is not JSON or a type is wrong
 */
export function readAnswer(text: string, struct: GoStruct): Bound {
  try {
    return decodeStruct(text, 'unexpected EOF', struct);
  } catch (cause) {
    throw badAnswer(cause);
  }
}

/** Text of a member of a valid JSON object. No nested object may have a member of the same name. */
export function rawMember(text: string, name: string): RawJson {
  const key = `"${name}"`;
  const scan = JsonScanner.ofValid(text, false);
  scan.at = text.indexOf(key);
  scan.skipKey();
  return takeRaw(scan);
}

function badAnswer(cause: unknown): RequestFailure {
  return new RequestFailure(502, 'bad-upstream', "the host's answer has a part that is not Ollama's JSON", {
    cause,
  });
}
