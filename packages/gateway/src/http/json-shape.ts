import { RequestFailure } from '../errors.ts';

export interface JsonLimits {
  /** Members of objects in one body, all levels together. @default 100_000 */
  readonly maxJsonKeys: number;
  /** Values in one body: members, elements, objects and arrays. @default 1_000_000 */
  readonly maxJsonValues: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const openBrace = 0x7b;

/**
 * Counts the keys and values of a JSON body while its bytes arrive, so that a too complex body is refused before it is
 * parsed. Parsing a million small values blocks the process far longer than one large value (up to 2 µs for each new
 * key). A body that is not JSON is counted too; the parser reports its error.
 */
export class JsonShape {
  readonly #limits: JsonLimits;
  #keys = 0;
  #values = 0;
  #inString = false;
  #escaped = false;

  constructor(limits: JsonLimits) {
    this.#limits = limits;
  }

  /** @throws RequestFailure 413 naming the limit */
  take(bytes: Uint8Array): void {
    let keys = this.#keys;
    let values = this.#values;
    let inString = this.#inString;
    let escaped = this.#escaped;
    for (const byte of bytes) {
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inString = false;
      } else if (byte === quote) inString = true;
      else if (byte === colon) keys += 1;
      else if (byte === comma || byte === openBrace || byte === openBracket) values += 1;
    }
    this.#keys = keys;
    this.#values = values;
    this.#inString = inString;
    this.#escaped = escaped;
    const { maxJsonKeys, maxJsonValues } = this.#limits;
    if (keys > maxJsonKeys) throw tooComplex(`more than ${maxJsonKeys} object members`, 'maxJsonKeys');
    if (values > maxJsonValues) throw tooComplex(`more than ${maxJsonValues} values`, 'maxJsonValues');
  }
}

function tooComplex(what: string, limit: string): RequestFailure {
  const message = `http: request body too complex: its JSON has ${what}, the limit ${limit}`;
  return new RequestFailure(413, 'body-too-complex', message);
}
