/**
 * An answer as it arrives in pieces that may be lost, doubled or late: each character is handed on once, in
 * order.
 */
export class AnswerText {
  #text = '';

  get length(): number {
    return this.#text.length;
  }

  /** What is new of a piece; `missing` when something before it has not come. */
  take(offset: number, text: string): { readonly fresh: string; readonly missing: boolean } {
    if (offset > this.#text.length) return { fresh: '', missing: true };
    const fresh = text.slice(this.#text.length - offset);
    this.#text += fresh;
    return { fresh, missing: false };
  }

  /** What the complete answer adds to what was handed on. */
  complete(output: string): string {
    const fresh = output.slice(this.#text.length);
    this.#text = output;
    return fresh;
  }
}
