/** Limit of bytes that the server has not read yet; a server keeps as much for a slow subscriber. */
export const maxBehindBytes: number = 64 * 1024 * 1024;
/** Bytes between two requests to the server to confirm what it has read. */
const markBytes = 1024 * 1024;

/**
 * Measures how many sent bytes the server has not read yet, and bounds them. The client library buffers everything it
 * is given, without a limit and without a notice. The server answers a flush once it has read everything that was sent
 * before it.
 */
export class SendBacklog {
  readonly #flush: () => Promise<void>;
  #total = 0;
  #read = 0;
  #marked = 0;
  /** Counts connections: a flush of an earlier connection says nothing about the current one. */
  #generation = 0;

  constructor(flush: () => Promise<void>) {
    this.#flush = flush;
  }

  get isFull(): boolean {
    return this.#total - this.#read >= maxBehindBytes;
  }

  sent(bytes: number): void {
    this.#total += bytes;
    if (this.#total - this.#marked >= markBytes) this.#mark();
  }

  /** Forgets everything that was sent: the connection was lost or is a new one. */
  clear(): void {
    this.#generation++;
    this.#read = this.#total;
    this.#marked = this.#total;
  }

  #mark(): void {
    const total = this.#total;
    const generation = this.#generation;
    this.#marked = total;
    const isRead = () => {
      if (generation === this.#generation) this.#read = Math.max(this.#read, total);
    };
    // A flush fails when its connection is lost.
    this.#flush().then(isRead, () => undefined);
  }
}
