import { RequestFailure } from '../errors.ts';

/** A position in JSON text, and the errors that Go reports there. */
export class JsonCursor {
  at = 0;
  readonly text: string;
  /** True: `text` is byte text, with one character for each byte. */
  readonly isBytes: boolean;

  constructor(text: string, isBytes = false) {
    this.text = text;
    this.isBytes = isBytes;
  }

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  skipSpace(): void {
    const { text } = this;
    let { at } = this;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
      at += 1;
    }
    this.at = at;
  }

  /** Code of the next character. @throws RequestFailure 400 `unexpected EOF` */
  peek(): number {
    if (this.at >= this.text.length) throw invalidJson('unexpected EOF');
    return this.text.charCodeAt(this.at);
  }

  /** Reports the current character as invalid. @throws RequestFailure 400 */
  fail(context: string): never {
    const char = String.fromCodePoint(this.text.codePointAt(this.at) ?? 0);
    const byte = this.isBytes ? char.charCodeAt(0) : (Buffer.from(char)[0] ?? 0);
    throw invalidJson(`invalid character ${quoteByte(byte)} ${context}`);
  }
}

export function invalidJson(text: string): RequestFailure {
  return new RequestFailure(400, 'invalid-json', text);
}

const named: Readonly<Record<number, string>> = {
  0x07: String.raw`\a`,
  0x08: String.raw`\b`,
  0x09: String.raw`\t`,
  0x0a: String.raw`\n`,
  0x0b: String.raw`\v`,
  0x0c: String.raw`\f`,
  0x0d: String.raw`\r`,
  0x27: String.raw`\'`,
  0x5c: String.raw`\\`,
};

/** Go's errors show the first byte of a character that has several bytes. */
function quoteByte(byte: number): string {
  const isControl = byte < 0x20 || byte === 0x7f;
  const shown = isControl ? `\\x${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte);
  return `'${named[byte] ?? shown}'`;
}
