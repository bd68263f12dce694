import { fromByteText } from './byte-text.ts';
import { JsonScanner } from './json-scanner.ts';

/**
 * JSON text that is passed on unchanged: parsing it into an object would move keys that look like integers to the front,
 * turn `1.0` into `1`, round integers above 2^53 and keep only one of several equal keys.
 */
export class RawJson {
  /** One valid JSON value, without space around it. */
  readonly text: string;
  /** The text has one character for each byte. */
  readonly isBytes: boolean;

  constructor(text: string, isBytes = false) {
    this.text = text;
    this.isBytes = isBytes;
  }

  get kind(): JsonKind {
    switch (this.text.charAt(0)) {
      case '{':
        return 'object';
      case '[':
        return 'array';
      case '"':
        return 'string';
      case 't':
      case 'f':
        return 'bool';
      case 'n':
        return 'null';
      default:
        return 'number';
    }
  }

  parse(): unknown {
    return JSON.parse(this.#decoded);
  }

  /** The value as a string; undefined if the value is not a string. */
  get string(): string | undefined {
    if (this.kind !== 'string') return undefined;
    const literal = this.#decoded;
    return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
  }

  /** Members of an object, the last one of equal keys; empty for everything else. */
  members(): ReadonlyMap<string, RawJson> {
    const found = new Map<string, RawJson>();
    if (this.kind !== 'object') return found;
    const scan = JsonScanner.ofValid(this.text, this.isBytes);
    if (!scan.enter()) return found;
    do found.set(scan.key(), takeRaw(scan));
    while (scan.continues(true));
    return found;
  }

  /** Texts of a list's elements; empty for everything else. */
  elements(): readonly RawJson[] {
    if (this.kind !== 'array') return [];
    const scan = JsonScanner.ofValid(this.text, this.isBytes);
    if (!scan.enter()) return [];
    const found: RawJson[] = [];
    do found.push(takeRaw(scan));
    while (scan.continues(false));
    return found;
  }

  get #decoded(): string {
    return this.isBytes ? fromByteText(this.text) : this.text;
  }
}

/** Go's names of the kinds of JSON values. */
export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'bool' | 'null';

/** The value that begins where the scanner is. @throws RequestFailure 400 in Go's words */
export function takeRaw(scan: JsonScanner): RawJson {
  scan.skipSpace();
  const start = scan.at;
  scan.skipValue();
  return new RawJson(scan.text.slice(start, scan.at), scan.isBytes);
}

/**
 * The one value a text consists of.
 *
 * @throws RequestFailure 400 in Go's words
 */
export function readRaw(text: string): RawJson | undefined {
  const scan = new JsonScanner(text);
  const value = takeRaw(scan);
  scan.skipSpace();
  return scan.atEnd ? value : undefined;
}
