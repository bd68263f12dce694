import { fromByteText } from './byte-text.ts';
import { JsonScanner } from './json-scanner.ts';

/**
 * JSON text that is passed on unchanged. Parsing it into an object would move keys that look like integers to the
 * front, change `1.0` to `1`, round integers above 2^53 and keep only one of several equal keys.
 */
export class RawJson {
  /** One valid JSON value without surrounding white space. */
  readonly text: string;
  /** True: `text` is byte text, with one character for each byte. */
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
    return JSON.parse(this.decoded);
  }

  /** The value as a string; undefined if the value is not a string. */
  get string(): string | undefined {
    if (this.kind !== 'string') return undefined;
    const literal = this.decoded;
    return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
  }

  /** Members of an object, with the last one of several equal keys; empty for any other value. */
  members(): ReadonlyMap<string, RawJson> {
    const found = new Map<string, RawJson>();
    if (this.kind !== 'object') return found;
    const scan = JsonScanner.ofValid(this.text, this.isBytes);
    if (!scan.enter()) return found;
    do found.set(scan.key(), takeRaw(scan));
    while (scan.continues(true));
    return found;
  }

  /** Elements of an array; empty for any other value. */
  elements(): readonly RawJson[] {
    if (this.kind !== 'array') return [];
    const scan = JsonScanner.ofValid(this.text, this.isBytes);
    if (!scan.enter()) return [];
    const found: RawJson[] = [];
    do found.push(takeRaw(scan));
    while (scan.continues(false));
    return found;
  }

  /** The text, never byte text. */
  get decoded(): string {
    return this.isBytes ? fromByteText(this.text) : this.text;
  }
}

/** The texts of some JSON strings as one JSON string, without decoding them. */
export function joinStrings(strings: readonly RawJson[]): RawJson {
  const [first] = strings;
  if (first !== undefined && strings.length === 1) return first;
  return new RawJson(`"${strings.map(({ text }) => text.slice(1, -1)).join('')}"`, first?.isBytes ?? false);
}

/** Go's names of the kinds of JSON values. */
export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'bool' | 'null';

/** Scans the value at the current position. @throws RequestFailure 400 with Go's text */
export function takeRaw(scan: JsonScanner): RawJson {
  scan.skipSpace();
  const start = scan.at;
  scan.skipValue();
  return new RawJson(scan.text.slice(start, scan.at), scan.isBytes);
}

/**
 * Reads a text that consists of one value; undefined if another text follows the value.
 *
 * @throws RequestFailure 400 with Go's text if there is no valid value
 */
export function readRaw(text: string): RawJson | undefined {
  const scan = new JsonScanner(text);
  const value = takeRaw(scan);
  scan.skipSpace();
  return scan.atEnd ? value : undefined;
}
