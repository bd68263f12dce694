/** What a client counts in a stream: events of `text/event-stream`, else lines. */
export class AnswerUnits {
  readonly #separator: string;
  readonly #isEvents: boolean;
  #count = 0;
  #rest = '';

  constructor(contentType: string) {
    this.#isEvents = contentType.startsWith('text/event-stream');
    this.#separator = this.#isEvents ? '\n\n' : '\n';
  }

  /** The units that the text completes. Each event gets its number as `id:`; comments are no events. */
  take(text: string): readonly string[] {
    const parts = (this.#rest + text).split(this.#separator);
    this.#rest = parts.pop() ?? '';
    return parts.filter((part) => this.#counts(part)).map((part) => this.#unit(part));
  }

  #counts(part: string): boolean {
    return part !== '' && !(this.#isEvents && part.startsWith(':'));
  }

  #unit(part: string): string {
    this.#count += 1;
    return this.#isEvents ? `id: ${this.#count}\n${part}\n\n` : `${part}\n`;
  }
}
