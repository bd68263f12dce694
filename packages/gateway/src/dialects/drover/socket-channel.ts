import type { Clock, Timer } from '@drover/actor-core';
import type { WebSocket } from 'ws';

export interface ChannelOptions {
  readonly clock: Clock;
  /** Longest time that the client may leave what was sent unread; 0: without limit. */
  readonly readerTimeoutMs: number;
}

const pingMs = 30_000;
/** Time for the client to answer the closing handshake. */
const closeMs = 1_000;
/** Code of RFC 6455 for a message that the protocol does not have. */
const policyViolation = 1_008;

/** JSON messages over one WebSocket, sent one after the other as the client takes them. */
export class SocketChannel {
  readonly #socket: WebSocket;
  readonly #options: ChannelOptions;
  readonly #closed = Promise.withResolvers<void>();
  #ping: Timer | undefined;
  #isAlive = true;

  constructor(socket: WebSocket, options: ChannelOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    socket.on('error', () => socket.terminate());
    socket.once('close', () => {
      this.#ping?.cancel();
      this.#closed.resolve();
    });
    socket.on('message', (data, isBinary) => this.#take(isBinary ? '' : (data as Buffer).toString('utf8')));
    this.#schedulePing();
  }

  /** Resolves when the connection is closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Resolves when the client's system has taken the message. A client that takes nothing in time is cut off. */
  async send(message: object): Promise<void> {
    if (!this.isOpen) return;
    const { clock, readerTimeoutMs } = this.#options;
    const cutOff = (): void => this.#socket.terminate();
    const timer = readerTimeoutMs === 0 ? undefined : clock.setTimer(readerTimeoutMs, cutOff);
    await new Promise<void>((resolve) => this.#socket.send(JSON.stringify(message), () => resolve()));
    timer?.cancel();
  }

  /** Asks the client to close, and closes a second later. */
  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
    const timer = this.#options.clock.setTimer(closeMs, () => this.#socket.terminate());
    this.#socket.once('close', () => timer.cancel());
  }

  /** A client says nothing but `{"type":"ping"}`: what it wants is in the address. */
  #take(text: string): void {
    if (text.replaceAll(/\s/g, '') === '{"type":"ping"}') {
      // Pings that the client sends faster than it reads the answers are not answered.
      if (this.#socket.bufferedAmount === 0) this.#socket.send('{"type":"pong"}');
      return;
    }
    this.close(policyViolation, 'only {"type":"ping"} is understood');
  }

  #schedulePing(): void {
    this.#ping = this.#options.clock.setTimer(pingMs, () => {
      if (!this.#isAlive) return this.#socket.terminate();
      this.#isAlive = false;
      this.#socket.ping();
      this.#schedulePing();
    });
  }
}
