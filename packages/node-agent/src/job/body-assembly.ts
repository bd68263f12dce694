/** Result of one part of a body. */
export type PartResult =
  | { readonly kind: 'more' }
  | { readonly kind: 'complete'; readonly body: Uint8Array }
  | { readonly kind: 'bad'; readonly message: string };

/** Assembles a body from numbered parts, up to its announced size. */
export class BodyAssembly {
  readonly #announcedBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  /** Number of parts that arrived in order so far. */
  get received(): number {
    return this.#parts.length;
  }

  constructor(announcedBytes: number) {
    this.#announcedBytes = announcedBytes;
  }

  add(index: number, last: boolean, bytes: Uint8Array): PartResult {
    const expected = this.#parts.length;
    if (index < expected) return { kind: 'more' };
    if (index > expected)
      return { kind: 'bad', message: `body part ${expected} was lost (part ${index} arrived)` };
    this.#parts.push(bytes);
    this.#bytes += bytes.byteLength;
    if (this.#bytes > this.#announcedBytes || (last && this.#bytes < this.#announcedBytes)) {
      return {
        kind: 'bad',
        message: `the body has ${this.#bytes} bytes where ${this.#announcedBytes} were announced`,
      };
    }
    if (!last) return { kind: 'more' };
    const body = Buffer.concat(this.#parts);
    this.#parts = [];
    return { kind: 'complete', body };
  }
}
