/** Bytes that are allocated at once. The frames of one turn are views into them. */
const chunkBytes = 64 * 1024;
const lineEnd = '\r\n';

/**
 * Encodes messages with headers as the protocol of NATS has them (`HPUB`), and hands over together what was added since
 * the last time. The client library makes four buffers of a message and copies each of them once more.
 */
export class PublishFrames {
  readonly #send: (frames: Uint8Array) => void;
  #chunk = Buffer.allocUnsafeSlow(chunkBytes);
  /** Begin and end of what was not sent yet. */
  #from = 0;
  #to = 0;

  /** @param send gets bytes that are not changed afterwards */
  constructor(send: (frames: Uint8Array) => void) {
    this.#send = send;
  }

  get isEmpty(): boolean {
    return this.#from === this.#to;
  }

  /** @param reply empty where none is wanted */
  add(subject: string, reply: string, headers: string, payload: Uint8Array): void {
    const headerBytes = Buffer.byteLength(headers);
    const to = reply === '' ? subject : `${subject} ${reply}`;
    const head = `HPUB ${to} ${headerBytes} ${headerBytes + payload.length}${lineEnd}${headers}`;
    // A character takes 3 bytes at most.
    this.#makeRoom(3 * head.length + payload.length + lineEnd.length);
    const chunk = this.#chunk;
    let at = this.#to;
    at += chunk.write(head, at);
    chunk.set(payload, at);
    at += payload.length;
    chunk[at] = 0x0d;
    chunk[at + 1] = 0x0a;
    this.#to = at + lineEnd.length;
  }

  flush(): void {
    if (this.#from === this.#to) return;
    const frames = this.#chunk.subarray(this.#from, this.#to);
    this.#from = this.#to;
    this.#send(frames);
  }

  /** Forgets what was not sent. */
  clear(): void {
    this.#from = this.#to;
  }

  #makeRoom(bytes: number): void {
    if (this.#to + bytes <= this.#chunk.length) return;
    this.flush();
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(chunkBytes, bytes));
    this.#from = 0;
    this.#to = 0;
  }
}
