import type { FailureCode } from '@drover/fleet';
import type { UpstreamError } from '../errors.ts';
import type { AnswerHandler, AnswerHead } from '../ollama/ollama.ts';
import { decideAnswerKind, foreignError } from './answer-kind.ts';
import { readLine } from './answer-line.ts';
import { LineSplitter } from './line-splitter.ts';

/** End of an answer. `nonsense`: the server is not an Ollama, so it gets no requests until a good probe. */
export type AnswerFinish =
  | { readonly kind: 'end' }
  | {
      readonly kind: 'fail';
      readonly code: FailureCode;
      /** Text for the client; contains no address. */
      readonly message: string;
      readonly nonsense: boolean;
      /** Start of the unexpected answer, for the log. */
      readonly excerpt: string;
    };

/** The part of the answer that arrived since the last `take`. */
export interface AnswerStep {
  /** Set in the step with the first line; before it, the request may still go to another host. */
  readonly head: AnswerHead | undefined;
  readonly lines: readonly string[];
  /** True if any byte arrived. */
  readonly moved: boolean;
  readonly finish: AnswerFinish | undefined;
}

/**
 * Reads one answer of Ollama and collects its lines until the job takes them. All bytes of one turn of the event loop
 * become one step; `onNews` is called at the first of them.
 *
 * A stream is complete after a line with `done:true` or an error of Ollama. A stream that ends normally without such a
 * line is `bad-upstream` and no evidence against the host: Ollama ends a stream in this way after 30 equal tokens. A
 * connection that breaks is `upstream-lost`. A single JSON answer becomes one line when it is complete. An error that
 * does not have Ollama's format is replaced by an error that has it, with the same status and headers.
 */
export class AnswerReader implements AnswerHandler {
  readonly #onNews: () => void;
  readonly #maxLineBytes: number;
  readonly #splitter: LineSplitter;
  #kind: 'lines' | 'whole' | undefined;
  #head: AnswerHead | undefined;
  #headTold = false;
  #whole: Buffer[] = [];
  #wholeBytes = 0;
  #lines: string[] = [];
  #sawLast = false;
  #finish: AnswerFinish | undefined;
  #finishTold = false;
  #news = false;

  constructor(maxLineBytes: number, onNews: () => void) {
    this.#maxLineBytes = maxLineBytes;
    this.#splitter = new LineSplitter(maxLineBytes);
    this.#onNews = onNews;
  }

  /** True once Ollama's status line has arrived. */
  get answered(): boolean {
    return this.#head !== undefined;
  }

  /** Ollama's status; 0 before it arrives. */
  get status(): number {
    return this.#head?.status ?? 0;
  }

  /** True once the last line has arrived, although the connection may still be open. */
  get complete(): boolean {
    return this.#sawLast;
  }

  onHead(head: AnswerHead): void {
    this.#head = head;
    const kind = decideAnswerKind(head.status, head.contentType);
    if (kind.kind === 'nonsense') this.#nonsense(kind.reason);
    else if (kind.kind === 'foreign') this.#foreign(head);
    else this.#kind = kind.kind;
    this.#tell();
  }

  onData(packet: Buffer): void {
    if (this.#finish !== undefined) return;
    if (this.#kind === 'whole') this.#collect(packet);
    else this.#split(packet);
    this.#tell();
  }

  onEnd(): void {
    if (this.#finish === undefined) this.#close();
    this.#tell();
  }

  onError(error: UpstreamError): void {
    if (this.#sawLast) this.#finish ??= { kind: 'end' };
    else if (error.code === 'garbled') this.#nonsense(error.message);
    else this.#fail('upstream-lost', error.message);
    this.#tell();
  }

  take(): AnswerStep {
    const moved = this.#news;
    this.#news = false;
    const lines = this.#lines;
    this.#lines = [];
    const finish = this.#finishTold ? undefined : this.#finish;
    this.#finishTold = finish !== undefined;
    const tellHead = !this.#headTold && lines.length > 0;
    if (tellHead) this.#headTold = true;
    return { head: tellHead ? this.#head : undefined, lines, moved, finish };
  }

  #collect(packet: Buffer): void {
    this.#wholeBytes += packet.length;
    if (this.#wholeBytes > this.#maxLineBytes) this.#tooLong();
    // Copies the bytes: undici may pass a view of a larger read buffer.
    else this.#whole.push(Buffer.from(packet));
  }

  #split(packet: Buffer): void {
    const lines = this.#splitter.push(packet);
    if (lines === 'too-long') this.#tooLong();
    else for (const line of lines) this.#add(line);
  }

  #add(line: string): void {
    if (this.#finish !== undefined) return;
    const meaning = readLine(line);
    if (meaning === 'broken') {
      this.#nonsense('Ollama sent a line that is not JSON', line);
      return;
    }
    this.#lines.push(line);
    if (meaning === 'done' || meaning === 'error') this.#sawLast = true;
  }

  /** The HTTP body has ended and is complete. */
  #close(): void {
    if (this.#kind === 'whole') {
      const text = Buffer.concat(this.#whole).toString('utf8').trim();
      const head = this.#head;
      if (readLine(text) !== 'broken') this.#lines.push(text);
      else if (head !== undefined && head.status >= 400) this.#foreign(head);
      else this.#nonsense("Ollama's answer is not JSON", text);
      this.#finish ??= { kind: 'end' };
      return;
    }
    const rest = this.#splitter.rest();
    if (rest !== '' && readLine(rest) === 'broken') {
      this.#fail('bad-upstream', 'Ollama ended its answer in the middle of a line');
      return;
    }
    if (rest !== '') this.#add(rest);
    if (this.#sawLast) this.#finish = { kind: 'end' };
    else this.#fail('bad-upstream', 'Ollama ended without done: true, so the answer is not complete');
  }

  /** Reports an error of a proxy in front of Ollama at once, without its body. */
  #foreign(head: AnswerHead): void {
    this.#head = { ...head, contentType: 'application/json; charset=utf-8', foreign: true };
    this.#lines.push(foreignError(head.status, head.contentType));
    this.#finish = { kind: 'end' };
  }

  #tooLong(): void {
    this.#nonsense(`Ollama sent more than ${this.#maxLineBytes} bytes without a line end`);
  }

  #nonsense(message: string, text = ''): void {
    this.#finish ??= { kind: 'fail', code: 'bad-upstream', message, nonsense: true, excerpt: excerpt(text) };
  }

  #fail(code: FailureCode, message: string): void {
    this.#finish ??= { kind: 'fail', code, message, nonsense: false, excerpt: '' };
  }

  #tell(): void {
    if (this.#news) return;
    this.#news = true;
    this.#onNews();
  }
}

function excerpt(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
