import type { IncomingMessage, ServerResponse } from 'node:http';

/** Bodies up to the size of Go's buffer have a Content-Length; larger bodies are chunked. */
const LENGTH_LIMIT_BYTES = 2048;
/** Number of bytes that a client has not read, above which its generation waits. */
const HIGH_WATER_BYTES = 64 * 1024;

export type Headers = Readonly<Record<string, string>>;

/** One request and its response, with the rules of framing for all routes. */
export class Exchange {
  readonly method: string;
  /** Path without query, as it was sent. */
  readonly path: string;
  readonly request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #gone = new AbortController();
  #begun = false;

  constructor(request: IncomingMessage, response: ServerResponse, label: boolean) {
    this.request = request;
    this.#response = response;
    this.method = request.method ?? 'GET';
    this.path = (request.url ?? '/').replace(/[?#].*$/s, '');
    if (label) response.setHeader('x-drover-simulated', '1');
    // Go sends no header Connection for a connection that it keeps, and closes no idle connection.
    if (request.headers.connection?.toLowerCase() !== 'close') response.removeHeader('Connection');
    response.once('close', () => {
      if (!response.writableFinished) this.#gone.abort();
    });
  }

  /** Aborts when the client disconnects before the answer is complete. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** Whether a byte of the answer has been sent. */
  get begun(): boolean {
    return this.#begun;
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  setHeader(name: string, value: string): void {
    this.#response.setHeader(name, value);
  }

  async body(): Promise<string> {
    const parts: Buffer[] = [];
    for await (const part of this.request) parts.push(part as Buffer);
    return Buffer.concat(parts).toString('utf8');
  }

  /** Sends a complete answer. Its size decides the framing. With `type` null there is no Content-Type. */
  send(status: number, type: string | null, body: string, headers: Headers = {}): void {
    if (this.#response.destroyed || this.#begun) return;
    this.#begun = true;
    const bytes = Buffer.byteLength(body);
    if (type !== null) this.#response.setHeader('Content-Type', type);
    for (const [name, value] of Object.entries(headers)) this.#response.setHeader(name, value);
    if (bytes <= LENGTH_LIMIT_BYTES && status !== 204) this.#response.setHeader('Content-Length', bytes);
    this.#response.writeHead(status);
    if (bytes > LENGTH_LIMIT_BYTES && this.method !== 'HEAD') this.#response.write(body);
    this.#response.end(bytes > LENGTH_LIMIT_BYTES || this.method === 'HEAD' ? undefined : body);
  }

  /** Begins a chunked answer. */
  begin(status: number, type: string): void {
    if (this.#begun || this.#response.destroyed) return;
    this.#begun = true;
    this.#response.setHeader('Content-Type', type);
    this.#response.setHeader('Transfer-Encoding', 'chunked');
    this.#response.writeHead(status);
    this.#response.flushHeaders();
  }

  /** Sends one HTTP chunk. False when the client reads too slowly: wait for `onDrain`. */
  chunk(text: string): boolean {
    const { socket } = this.#response;
    if (!socket) return this.#response.destroyed || this.#response.write(text);
    if (socket.destroyed) return true;
    // One write instead of four by `response.write`, because there is a chunk for each token.
    socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
    return socket.writableLength < HIGH_WATER_BYTES;
  }

  onDrain(fn: () => void): void {
    (this.#response.socket ?? this.#response).once('drain', fn);
  }

  end(): void {
    this.#response.end();
  }

  /** Closes the TCP connection after the written bytes, without the last chunk. */
  cut(): void {
    this.#response.socket?.destroySoon();
  }
}
