import type { OnLine } from './raw-connection.ts';

const contentKey = '"content":"';
/** The delay of every eighth token is kept. */
const sampleMask = 7;

/** Reads the lines of the stub host: ` NUMBER TIME` is the content of each, and the last line has none. */
export class TokenReader {
  readonly #nowMs: () => number;
  readonly #delays: number[];
  #isInOrder = true;
  #isDone = false;
  tokens = 0;
  firstAtMs: number | undefined = undefined;

  /** `delays` gets the time from the host to here of some tokens. */
  constructor(nowMs: () => number, delays: number[]) {
    this.#nowMs = nowMs;
    this.#delays = delays;
  }

  readonly onLine: OnLine = (text, from, to): void => {
    const atMs = this.#nowMs();
    this.firstAtMs ??= atMs;
    const at = text.indexOf(contentKey, from);
    const start = at + contentKey.length;
    if (at < 0 || at > to) {
      this.#isInOrder = false;
      return;
    }
    const content = text.slice(start, text.indexOf('"', start));
    if (content === '') {
      this.#isDone = text.lastIndexOf('"done":true', to) > start;
      return;
    }
    const [, number, sentAtMs] = content.split(' ');
    this.tokens += 1;
    if (Number(number) !== this.tokens || this.#isDone) this.#isInOrder = false;
    if ((this.tokens & sampleMask) === 0) this.#delays.push(atMs - Number(sentAtMs));
  };

  /** What is wrong with the complete answer; undefined if nothing is. */
  problem(status: number, tokens: number): string | undefined {
    if (status !== 200) return `status ${status}`;
    if (!this.#isInOrder) return 'a token is out of order';
    if (this.tokens !== tokens) return `${this.tokens} of ${tokens} tokens`;
    return this.#isDone ? undefined : 'no last line';
  }
}
