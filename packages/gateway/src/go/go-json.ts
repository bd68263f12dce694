import { RequestFailure } from '../errors.ts';

/**
 * Decodes a request body as Go's decoder does: the first JSON value counts, what follows it is not looked at, the
 * Content-Type neither, and a complaint is in Go's words (clients and people know these texts from Ollama).
 *
 * @param emptyText what the route says about a body without a value
 * @throws RequestFailure 400
 */
export function decodeGoJson(body: string, emptyText: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    const scan = new Scanner(body);
    scan.skipSpace();
    if (scan.atEnd) throw refuse(emptyText);
    const start = scan.at;
    scan.value(0);
    return JSON.parse(body.slice(start, scan.at));
  }
}

function refuse(text: string): RequestFailure {
  return new RequestFailure(400, 'invalid-json', text);
}

/** Deeper nesting is refused, so that a body of brackets cannot exhaust the stack. */
const maxDepth = 2_000;

const spaces = /[ \t\r\n]+/y;
/** All that stands for itself in a string: no quote, no backslash, nothing below the space. */
const plain = /[ !#-[\]-\uffff]+/y;
const digits = /[0-9]+/y;

/** Walks over one JSON value; its only product is where the value ends, or the complaint. */
class Scanner {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.at >= this.#text.length;
  }

  skipSpace(): void {
    this.#run(spaces);
  }

  value(depth: number): void {
    if (depth > maxDepth) throw refuse('exceeded max depth');
    this.skipSpace();
    const char = this.#peek();
    if (char === '{') this.#members('}', depth);
    else if (char === '[') this.#members(']', depth);
    else if (char === '"') this.#string();
    else if (char === '-' || (char >= '0' && char <= '9')) this.#number();
    else if (char === 't') this.#literal('true');
    else if (char === 'f') this.#literal('false');
    else if (char === 'n') this.#literal('null');
    else this.#complain('looking for beginning of value');
  }

  /** Skips the longest run the pattern matches, natively: a body of one kind of character must not take seconds. */
  #run(pattern: RegExp): void {
    pattern.lastIndex = this.at;
    if (pattern.test(this.#text)) this.at = pattern.lastIndex;
  }

  #peek(): string {
    const char = this.#text[this.at];
    if (char === undefined) throw refuse('unexpected EOF');
    return char;
  }

  #complain(context: string): never {
    const char = this.#peek();
    const shown = char === "'" ? `'\\''` : char === '"' ? `'"'` : `'${JSON.stringify(char).slice(1, -1)}'`;
    throw refuse(`invalid character ${shown} ${context}`);
  }

  #members(close: '}' | ']', depth: number): void {
    this.at++;
    this.skipSpace();
    if (this.#peek() === close) {
      this.at++;
      return;
    }
    for (;;) {
      this.skipSpace();
      if (close === '}') {
        if (this.#peek() !== '"') this.#complain('looking for beginning of object key string');
        this.#string();
        this.skipSpace();
        if (this.#peek() !== ':') this.#complain('after object key');
        this.at++;
      }
      this.value(depth + 1);
      this.skipSpace();
      const char = this.#peek();
      if (char !== ',' && char !== close) {
        this.#complain(close === '}' ? 'after object key:value pair' : 'after array element');
      }
      this.at++;
      if (char === close) return;
    }
  }

  #string(): void {
    this.at++;
    for (;;) {
      this.#run(plain);
      const char = this.#peek();
      if (char === '"') break;
      if (char < ' ') this.#complain('in string literal');
      this.at++;
      if (char !== '\\') continue;
      const kind = this.#peek();
      if (kind === 'u') {
        for (let digit = 0; digit < 4; digit++) {
          this.at++;
          if (!/[0-9a-fA-F]/.test(this.#peek())) this.#complain('in \\u hexadecimal character escape');
        }
      } else if (!'"\\/bfnrt'.includes(kind)) this.#complain('in string escape code');
      this.at++;
    }
    this.at++;
  }

  #number(): void {
    if (this.#peek() === '-') this.at++;
    if (this.#peek() === '0') this.at++;
    else this.#digits('in numeric literal');
    if (this.#text[this.at] === '.') {
      this.at++;
      this.#digits('after decimal point in numeric literal');
    }
    if (this.#text[this.at] === 'e' || this.#text[this.at] === 'E') {
      this.at++;
      if (this.#text[this.at] === '+' || this.#text[this.at] === '-') this.at++;
      this.#digits('in exponent of numeric literal');
    }
  }

  #digits(context: string): void {
    if (!isDigit(this.#peek())) this.#complain(context);
    this.#run(digits);
  }

  #literal(word: string): void {
    for (let index = 0; index < word.length; index++, this.at++) {
      if (this.#peek() !== word[index]) this.#complain(`in literal ${word} (expecting '${word[index]}')`);
    }
  }
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9';
}
