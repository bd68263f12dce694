import { fromByteText } from './byte-text.ts';
import { invalidJson, JsonCursor } from './json-cursor.ts';
import { scanScalar } from './json-scalar.ts';

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Go's limit for the nesting of values. */
const maxDepth = 10_000;

/** Character codes that may follow a backslash, except `u`, which needs four digits. */
const escapes = new Uint8Array(128);
for (const char of '"\\/bfnrt') escapes[char.charCodeAt(0)] = 1;

/** Number of characters at the start of a string that are scanned one by one before `indexOf` searches for its end. */
const nearChars = 64;

/** Characters below the space, which a JSON string must escape. */
const control = /[^ -\uffff]/g;
const hexDigits = /[0-9A-Fa-f]/;

/**
 * Scans JSON text without building values, and reports errors with Go's texts. Uses its own stack instead of recursion,
 * so that deeply nested brackets cannot exhaust the call stack.
 */
export class JsonScanner extends JsonCursor {
  /** Open objects and lists around the current position. */
  depth = 0;

  // Positions of the next quote, backslash and control character; searched again only after the scanner has passed
  // them.
  #quoteAt = -1;
  #backslashAt = -1;
  #controlAt = -1;

  /** A scanner for text that is known to be valid JSON: it does not search for control characters. */
  static ofValid(text: string, isBytes: boolean): JsonScanner {
    const scan = new JsonScanner(text, isBytes);
    scan.#controlAt = text.length;
    return scan;
  }

  /** Scans one value and the white space before it. @throws RequestFailure 400 */
  skipValue(): void {
    const closers: number[] = [];
    for (;;) {
      this.skipSpace();
      const code = this.peek();
      if (code === quote) this.skipString();
      else if (code !== openBrace && code !== openBracket) scanScalar(this, code);
      else if (this.enter()) {
        closers.push(code + 2);
        if (code === openBrace) this.skipKey();
        continue;
      }
      while (closers.length > 0 && !this.continues(closers.at(-1) === closeBrace)) closers.pop();
      if (closers.length === 0) return;
      if (closers.at(-1) === closeBrace) this.skipKey();
    }
  }

  /**
   * Enters the object or array at the current position. Returns false if it is empty; the scanner is then behind its
   * end.
   */
  enter(): boolean {
    const close = this.text.charCodeAt(this.at) + 2;
    this.at += 1;
    if (++this.depth > maxDepth) throw invalidJson('exceeded max depth');
    this.skipSpace();
    if (this.peek() !== close) return true;
    this.at += 1;
    this.depth -= 1;
    return false;
  }

  /**
   * Scans the comma after a member or an element. Returns false if the object or array ends here; the scanner is then
   * behind its end.
   */
  continues(inObject: boolean): boolean {
    this.skipSpace();
    const code = this.peek();
    if (code === comma) {
      this.at += 1;
      return true;
    }
    if (code !== (inObject ? closeBrace : openBracket + 2))
      this.fail(inObject ? 'after object key:value pair' : 'after array element');
    this.at += 1;
    this.depth -= 1;
    return false;
  }

  /** Scans a key and its colon. */
  skipKey(): void {
    this.skipSpace();
    if (this.peek() !== quote) this.fail('looking for beginning of object key string');
    this.skipString();
    this.#colon();
  }

  /** Scans a key and its colon, and returns the key. */
  key(): string {
    this.skipSpace();
    if (this.peek() !== quote) this.fail('looking for beginning of object key string');
    const key = this.string();
    this.#colon();
    return key;
  }

  /** Scans the string at the current position and returns its value. */
  string(): string {
    const start = this.at;
    const isPlain = this.skipString();
    const raw = this.text.slice(start, this.at);
    const literal = this.isBytes ? fromByteText(raw) : raw;
    // A slice keeps the whole text in memory, so only long strings are slices.
    return isPlain && literal.length > longString ? literal.slice(1, -1) : (JSON.parse(literal) as string);
  }

  /** Scans the string at the current position. True: the string has no escapes. */
  skipString(): boolean {
    const { text } = this;
    let isPlain = true;
    let at = this.at + 1;
    let nearEnd = at + nearChars;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === quote) break;
      if (code === backslash) {
        isPlain = false;
        at = this.#escape(at + 1);
        nearEnd = at + nearChars;
      } else if (code >= 0x20) {
        // For a long string, the engine's own search is far faster than a loop over its characters.
        at = at < nearEnd ? at + 1 : this.#nextSpecial(at);
      } else {
        this.at = Math.min(at, text.length);
        this.peek();
        this.fail('in string literal');
      }
    }
    this.at = at + 1;
    return isPlain;
  }

  #nextSpecial(at: number): number {
    const { text } = this;
    if (this.#quoteAt < at) this.#quoteAt = found(text.indexOf('"', at), text);
    if (this.#backslashAt < at) this.#backslashAt = found(text.indexOf('\\', at), text);
    if (this.#controlAt < at) {
      control.lastIndex = at;
      this.#controlAt = found(control.test(text) ? control.lastIndex - 1 : -1, text);
    }
    return Math.min(this.#quoteAt, this.#backslashAt, this.#controlAt);
  }

  #colon(): void {
    this.skipSpace();
    if (this.peek() !== colon) this.fail('after object key');
    this.at += 1;
  }

  #escape(at: number): number {
    this.at = at;
    const code = this.peek();
    if (escapes[code] === 1) return at + 1;
    if (code !== 0x75) this.fail('in string escape code');
    for (let digit = 1; digit <= 4; digit++) {
      this.at = at + digit;
      this.peek();
      if (!hexDigits.test(this.text.charAt(this.at))) this.fail('in \\u hexadecimal character escape');
    }
    return at + 5;
  }
}

/** Longer strings are slices of the whole text. */
const longString = 1_024;

function found(index: number, text: string): number {
  return index < 0 ? text.length : index;
}
