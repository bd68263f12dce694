import { connect, type Socket } from 'node:net';

/** A line of an answer: the text from `from` to `to`. */
export type OnLine = (text: string, from: number, to: number) => void;

/** What the connection must know of one answer. */
interface Pending {
  readonly onLine: OnLine | undefined;
  readonly resolve: (status: number) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One HTTP connection of the load client, with as little work per byte as possible: the client shares the cores with
 * what it measures.
 */
export class RawConnection {
  readonly #socket: Socket;
  readonly #host: string;
  #text = '';
  #status = 0;
  /** Bytes of the body; undefined for chunks. */
  #length: number | undefined;
  #hasHead = false;
  #pending: Pending | undefined;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
    socket.on('error', (error) => this.#fail(error));
  }

  static open(url: URL): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawConnection(socket, url.host));
      });
    });
  }

  /** Sends one request and resolves with the status when the answer is complete. */
  send(method: string, path: string, body: string, onLine?: OnLine): Promise<number> {
    this.#hasHead = false;
    this.#text = '';
    return new Promise((resolve, reject) => {
      this.#pending = { onLine, resolve, reject };
      const type = body === '' ? '' : 'Content-Type: application/json\r\n';
      this.#socket.write(
        `${method} ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n${type}Content-Length: ${body.length}\r\n\r\n${body}`,
      );
    });
  }

  close(): void {
    this.#pending = undefined;
    this.#socket.destroy();
  }

  #take(part: string): void {
    this.#text += part;
    if (!this.#hasHead && !this.#readHead()) return;
    const onLine = this.#pending?.onLine;
    if (onLine !== undefined) this.#readLines(onLine);
    const isComplete =
      this.#length === undefined ? this.#text.endsWith('0\r\n\r\n') : this.#text.length >= this.#length;
    if (!isComplete) return;
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve(this.#status);
  }

  #readHead(): boolean {
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const head = this.#text.slice(0, end);
    const length = /content-length: *(\d+)/i.exec(head)?.[1];
    this.#status = Number(head.slice(9, 12));
    this.#length = length === undefined ? undefined : Number(length);
    this.#text = this.#text.slice(end + 4);
    this.#hasHead = true;
    return true;
  }

  #readLines(onLine: OnLine): void {
    let from = 0;
    for (let end = this.#text.indexOf('}\n'); end >= 0; end = this.#text.indexOf('}\n', from)) {
      onLine(this.#text, from, end);
      from = end + 2;
    }
    if (from > 0) this.#text = this.#text.slice(from);
  }

  #fail(error: Error): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reject(error);
  }
}
