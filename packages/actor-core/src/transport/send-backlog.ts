/** What may be on its way to the server unread; as much as a server holds for a slow reader of its own. */
export const maxBehindBytes: number = 64 * 1024 * 1024;
/** How often the server is asked how far it has read. */
const markBytes = 1024 * 1024;

/**
 * How far a server is behind with reading what it was sent. The client library buffers whatever it is given, without a
 * bound and without a word; this is the bound. The server answers a flush once it has read all that came before it.
 */
export class SendBacklog {
  readonly #flush: () => Promise<void>;
  #total = 0;
  #read = 0;
  #marked = 0;
  /** Answers to flushes of an earlier connection say nothing about this one. */
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

  /** Another connection begins, or none. */
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
    // A flush that fails is one whose connection has gone.
    this.#flush().then(isRead, () => undefined);
  }
}
