import type { InferenceRoute } from '../../protocol/stream-open.ts';

/** Longest text that is remembered, bytes; a longer answer is not continued. */
const maxBytes = 1024 * 1024;
const firstBytes = 1_024;
const lineEnd = ',"done":false}';

/** How the text of a token stands in a line. */
const marks: Readonly<Partial<Record<InferenceRoute, { readonly before: string; readonly after: string }>>> =
  {
    chat: { before: '"message":{"role":"assistant","content":"', after: `"}${lineEnd}` },
    generate: { before: '"response":"', after: `"${lineEnd}` },
  };

/**
 * The text that a stream has said so far, so that another host can go on with it. A token costs a copy of its text: no
 * line is parsed or kept. An answer with anything else than plain text (thinking, tool calls, log probabilities) cannot
 * be continued.
 */
export class SpokenText {
  readonly #marks: { readonly before: string; readonly after: string } | undefined;
  /** The text as it stands in the JSON strings, without quotes. */
  #bytes: Buffer = Buffer.alloc(0);
  #used = 0;
  #tokens = 0;
  #isPlain = true;
  #firstAtMs: number | undefined;
  #lastAtMs = 0;

  constructor(route: InferenceRoute) {
    this.#marks = marks[route];
    this.#isPlain = this.#marks !== undefined;
  }

  /** Number of lines with text, which is the number of tokens as far as the lines show it. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Time from the first token to the last one, milliseconds. */
  get spokenForMs(): number {
    return this.#firstAtMs === undefined ? 0 : this.#lastAtMs - this.#firstAtMs;
  }

  /** The text; undefined where the answer is not plain text, or too long. */
  get text(): string | undefined {
    if (!this.#isPlain) return undefined;
    return JSON.parse(`"${this.#bytes.toString('utf8', 0, this.#used)}"`) as string;
  }

  add(lines: readonly string[], nowMs: number): void {
    if (!this.#isPlain) return;
    for (const line of lines) this.#addLine(line);
    this.#firstAtMs ??= nowMs;
    this.#lastAtMs = nowMs;
  }

  #addLine(line: string): void {
    if (this.#marks === undefined) return;
    const { before, after } = this.#marks;
    const start = line.indexOf(before);
    if (start < 0 || !line.endsWith(after)) {
      // The last line of a complete answer is the end of the matter.
      this.#isPlain = false;
      return;
    }
    const text = line.slice(start + before.length, line.length - after.length);
    if (hasBareQuote(text) || this.#used + 3 * text.length > maxBytes) {
      this.#isPlain = false;
      return;
    }
    if (this.#used + 3 * text.length > this.#bytes.length) this.#grow(this.#used + 3 * text.length);
    this.#used += this.#bytes.write(text, this.#used);
    this.#tokens += 1;
  }

  #grow(least: number): void {
    const larger = Buffer.allocUnsafe(Math.max(firstBytes, 2 * this.#bytes.length, least));
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}

/** Whether the text ends the JSON string in which it should stand: the line has other fields, such as `thinking`. */
function hasBareQuote(text: string): boolean {
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === '\\') escapes += 1;
    if (escapes % 2 === 0) return true;
  }
  return false;
}
