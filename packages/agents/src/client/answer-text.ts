/** Assembles an answer from pieces that may be lost, duplicated or late. Each character is emitted once, in order. */
export class AnswerText {
  #text = '';

  get length(): number {
    return this.#text.length;
  }

  /** The new characters of a piece; `missing` if characters before the piece have not arrived. */
  take(offset: number, text: string): { readonly fresh: string; readonly missing: boolean } {
    if (offset > this.#text.length) return { fresh: '', missing: true };
    const fresh = text.slice(this.#text.length - offset);
    this.#text += fresh;
    return { fresh, missing: false };
  }

  /** The characters of the complete answer that were not emitted yet. */
  complete(output: string): string {
    const fresh = output.slice(this.#text.length);
    this.#text = output;
    return fresh;
  }
}
