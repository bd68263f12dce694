/** Result of a packet: complete lines, or `too-long` for a line above the bound. */
export type SplitResult = readonly string[] | 'too-long';

const newline = 0x0a;
const carriageReturn = 0x0d;

/**
 * Splits Ollama's bytes into NDJSON lines. Bytes are decoded when a line is complete, so that a character may be split
 * over packets. Empty lines (keep-alives) are dropped. At most `maxLineBytes` are held.
 */
export class LineSplitter {
  readonly #maxLineBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  push(packet: Buffer): SplitResult {
    const lines: string[] = [];
    let start = 0;
    for (let end = packet.indexOf(newline); end >= 0; end = packet.indexOf(newline, start)) {
      if (this.#heldBytes + end - start > this.#maxLineBytes) return 'too-long';
      const line = this.#complete(packet.subarray(start, end));
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    if (start < packet.length) {
      // Copied: undici may hand out views of a larger read buffer, which must not be kept alive for a rest.
      this.#held.push(Buffer.from(packet.subarray(start)));
      this.#heldBytes += packet.length - start;
    }
    return this.#heldBytes > this.#maxLineBytes ? 'too-long' : lines;
  }

  /** The bytes after the last newline; they are a line when the answer has ended. */
  rest(): string {
    return this.#complete(Buffer.alloc(0));
  }

  #complete(tail: Buffer): string {
    const whole = this.#held.length === 0 ? tail : Buffer.concat([...this.#held, tail]);
    this.#held = [];
    this.#heldBytes = 0;
    const end = whole.at(-1) === carriageReturn ? whole.length - 1 : whole.length;
    return whole.toString('utf8', 0, end);
  }
}
