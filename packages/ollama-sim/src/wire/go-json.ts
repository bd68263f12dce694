import { OllamaError } from '../errors.ts';

/**
 * Decodes a body as Go's decoder does: reads only the first JSON value, and has the error texts of Go.
 *
 * @throws OllamaError 400
 */
export function decodeGoJson(body: string, emptyText: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    const scan = new Scanner(body);
    scan.space();
    if (scan.atEnd) throw new OllamaError(400, emptyText);
    const start = scan.at;
    scan.value();
    return JSON.parse(body.slice(start, scan.at));
  }
}

/** Scans one JSON value and fails with the error texts of Go. */
class Scanner {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.at >= this.#text.length;
  }

  space(): void {
    while (!this.atEnd && ' \t\r\n'.includes(this.#text[this.at] ?? '')) this.at++;
  }

  value(): void {
    this.space();
    const char = this.#peek();
    if (char === '{') this.#object();
    else if (char === '[') this.#array();
    else if (char === '"') this.#string();
    else if (char === '-' || (char >= '0' && char <= '9')) this.#number();
    else if (char === 't') this.#literal('true');
    else if (char === 'f') this.#literal('false');
    else if (char === 'n') this.#literal('null');
    else this.#fail('looking for beginning of value');
  }

  #peek(): string {
    const char = this.#text[this.at];
    if (char === undefined) throw new OllamaError(400, 'unexpected EOF');
    return char;
  }

  #fail(context: string): never {
    const char = this.#peek();
    const shown = char === "'" ? "'\\''" : char === '"' ? `'"'` : `'${JSON.stringify(char).slice(1, -1)}'`;
    throw new OllamaError(400, `invalid character ${shown} ${context}`);
  }

  #object(): void {
    this.at++;
    this.space();
    if (this.#peek() === '}') {
      this.at++;
      return;
    }
    for (;;) {
      this.space();
      if (this.#peek() !== '"') this.#fail('looking for beginning of object key string');
      this.#string();
      this.space();
      if (this.#peek() !== ':') this.#fail('after object key');
      this.at++;
      this.value();
      this.space();
      const char = this.#peek();
      if (char !== ',' && char !== '}') this.#fail('after object key:value pair');
      this.at++;
      if (char === '}') return;
    }
  }

  #array(): void {
    this.at++;
    this.space();
    if (this.#peek() === ']') {
      this.at++;
      return;
    }
    for (;;) {
      this.value();
      this.space();
      const char = this.#peek();
      if (char !== ',' && char !== ']') this.#fail('after array element');
      this.at++;
      if (char === ']') return;
    }
  }

  #string(): void {
    this.at++;
    for (let char = this.#peek(); char !== '"'; char = this.#peek()) {
      if (char < ' ') this.#fail('in string literal');
      this.at += char === '\\' ? 2 : 1;
    }
    this.at++;
  }

  #number(): void {
    const match = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(this.#text.slice(this.at));
    if (!match) {
      this.at++;
      this.#fail('in numeric literal');
    }
    this.at += match[0].length;
  }

  #literal(word: string): void {
    for (let i = 0; i < word.length; i++, this.at++)
      if (this.#peek() !== word[i]) this.#fail(`in literal ${word} (expecting '${word[i]}')`);
  }
}
