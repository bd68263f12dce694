import { parseJson } from '../streaming/parse-json.ts';

/** Messages that wait for their reader; with more the connection is closed, and opened again from the last one read. */
const maxPending = 10_000;

/** The messages of one WebSocket, in order, until it is closed, silent for too long, or the signal is aborted. */
export class SocketReading implements AsyncIterable<unknown> {
  readonly #socket: WebSocket;
  readonly #idleTimeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #pending: string[] = [];
  readonly #onAbort = (): void => this.close();
  #isClosed = false;
  #wake = (): void => {};
  #idle: ReturnType<typeof setTimeout> | undefined;
  #ping: ReturnType<typeof setInterval>;

  constructor(socket: WebSocket, idleTimeoutMs: number, signal: AbortSignal | undefined) {
    this.#socket = socket;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#signal = signal;
    socket.addEventListener('message', ({ data }) => this.#take(String(data)));
    socket.addEventListener('close', () => this.close());
    socket.addEventListener('error', () => this.close());
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    // The answer to a ping shows that the gateway is there, also while nothing happens.
    this.#ping = setInterval(() => this.#sendPing(), Math.ceil(idleTimeoutMs / 3));
    this.#restartIdle();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void> {
    for (;;) {
      const text = this.#pending.shift();
      if (text !== undefined) yield parseJson(text);
      else if (this.#isClosed) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** What was received before can still be read. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#idle);
    clearInterval(this.#ping);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#socket.close();
    this.#wake();
  }

  #take(text: string): void {
    if (this.#isClosed) return;
    this.#pending.push(text);
    this.#restartIdle();
    this.#wake();
    if (this.#pending.length >= maxPending) this.close();
  }

  #restartIdle(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.close(), this.#idleTimeoutMs);
  }

  #sendPing(): void {
    // 1 is OPEN in every implementation.
    if (this.#socket.readyState === 1) this.#socket.send('{"type":"ping"}');
  }
}
