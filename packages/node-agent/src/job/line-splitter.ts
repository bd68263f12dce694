/** Result of one packet: the lines that are complete now, or `too-long` if a line is longer than `maxLineBytes`. */
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
      // Nearly every packet is one line; decoded without a view of its own.
      const line =
        this.#held.length === 0
          ? packet.toString('utf8', start, lineEnd(packet, start, end))
          : this.#complete(packet.subarray(start, end));
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    if (start < packet.length) {
      // Copies the bytes: undici may pass a view of a larger read buffer, and the view would keep all of it in memory.
      this.#held.push(Buffer.from(packet.subarray(start)));
      this.#heldBytes += packet.length - start;
    }
    return this.#heldBytes > this.#maxLineBytes ? 'too-long' : lines;
  }

  /** The bytes after the last newline. Called at the end of the answer, when they are its last line. */
  rest(): string {
    return this.#complete(Buffer.alloc(0));
  }

  #complete(tail: Buffer): string {
    const whole = this.#held.length === 0 ? tail : Buffer.concat([...this.#held, tail]);
    this.#held = [];
    this.#heldBytes = 0;
    return whole.toString('utf8', 0, lineEnd(whole, 0, whole.length));
  }
}

/** End of the line from `start` to `end` without a carriage return. */
function lineEnd(bytes: Buffer, start: number, end: number): number {
  return end > start && bytes[end - 1] === carriageReturn ? end - 1 : end;
}
