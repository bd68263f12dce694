import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '@drover/actor-core';
import { isLingering } from './unread-body.ts';

/**
 * A connection that has been idle for less than this may have sent a request that is not read yet, so it is closed
 * last. Otherwise many new connections would close each other.
 */
const freshMs = 1_000;

/**
 * Bounds the open connections. A new connection is more likely to send a request than an idle one: when the limit
 * is reached, the connection that has been idle longest is closed, whether or not it has sent a request before.
 */
export class ConnectionLimit {
  readonly #max: number;
  readonly #freeConnection: () => boolean;
  readonly #open = new Set<Socket>();
  /** Idle connections with the start of their idle time, idle longest first. */
  readonly #idle = new Map<Socket, number>();
  /** Connections whose last answer is sent; closed before all others. */
  readonly #lingering = new Set<Socket>();
  readonly #clock: Clock;
  /** Number of open requests of a connection. */
  readonly #requests = new WeakMap<Socket, number>();

  /**
   * @param freeConnection called if no connection is idle: closes another one, or returns false if none can be closed
   */
  constructor(max: number, clock: Clock, freeConnection: () => boolean) {
    this.#max = max;
    this.#clock = clock;
    this.#freeConnection = freeConnection;
  }

  /** Counts a new connection, or closes it if the limit is reached and no other connection can be closed. */
  enter(socket: Socket): void {
    const isFull = this.#open.size >= this.#max;
    if (isFull && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    this.#add(socket);
  }

  /** Counts a connection as `secure` from the end of its TLS handshake on. */
  replace(raw: Socket, secure: Socket): void {
    this.#forget(raw);
    this.#add(secure);
  }

  /** Marks the connection as not idle until the answer is sent. */
  begin({ socket }: IncomingMessage, response: ServerResponse): void {
    this.#idle.delete(socket);
    this.#requests.set(socket, (this.#requests.get(socket) ?? 0) + 1);
    response.once('close', () => this.#end(socket));
  }

  #add(socket: Socket): void {
    this.#open.add(socket);
    this.#idle.set(socket, this.#clock.now());
    socket.once('close', () => this.#forget(socket));
  }

  #end(socket: Socket): void {
    const left = (this.#requests.get(socket) ?? 1) - 1;
    this.#requests.set(socket, left);
    if (left > 0 || !this.#open.has(socket)) return;
    if (isLingering(socket)) this.#lingering.add(socket);
    else this.#idle.set(socket, this.#clock.now());
  }

  #makeRoom(): boolean {
    const [lingering] = this.#lingering;
    if (lingering !== undefined) return this.#close(lingering);
    return this.#closeIdlest(freshMs) || this.#freeConnection() || this.#closeIdlest(0);
  }

  #closeIdlest(minIdleMs: number): boolean {
    const [first] = this.#idle;
    if (first === undefined) return false;
    const [idlest, sinceMs] = first;
    if (this.#clock.now() - sinceMs < minIdleMs) return false;
    return this.#close(idlest);
  }

  #close(socket: Socket): true {
    // Removed now, not at the `close` event: the next new connection must not select it again.
    this.#forget(socket);
    socket.destroy();
    return true;
  }

  #forget(socket: Socket): void {
    this.#open.delete(socket);
    this.#idle.delete(socket);
    this.#lingering.delete(socket);
  }
}
