import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Open connections, bounded. A new one is more likely to bring a request than one that has none: when all places are
 * taken, the connection that has been idle longest is closed, be it between two requests or silent from the start.
 */
export class ConnectionPlaces {
  readonly #max: number;
  readonly #makeRoom: () => boolean;
  readonly #open = new Set<Socket>();
  /** Connections without a request, idle longest first. */
  readonly #idle = new Set<Socket>();
  /** Requests open on a connection, where there are any. */
  readonly #requests = new WeakMap<Socket, number>();

  /** @param makeRoom closes something else when no connection is idle; false: there is nothing to close */
  constructor(max: number, makeRoom: () => boolean) {
    this.#max = max;
    this.#makeRoom = makeRoom;
  }

  get open(): number {
    return this.#open.size;
  }

  get idle(): number {
    return this.#idle.size;
  }

  /** Gives the connection a place, or closes it where none can be had. */
  enter(socket: Socket): void {
    if (this.#open.size >= this.#max && !this.#closeIdlest() && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    this.#idle.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#idle.delete(socket);
    });
  }

  /** The connection is not idle until the answer is out. */
  begin({ socket }: IncomingMessage, response: ServerResponse): void {
    this.#idle.delete(socket);
    this.#requests.set(socket, (this.#requests.get(socket) ?? 0) + 1);
    response.once('close', () => this.#end(socket));
  }

  #end(socket: Socket): void {
    const left = (this.#requests.get(socket) ?? 1) - 1;
    this.#requests.set(socket, left);
    if (left === 0 && this.#open.has(socket)) this.#idle.add(socket);
  }

  #closeIdlest(): boolean {
    const [idlest] = this.#idle;
    if (idlest === undefined) return false;
    // At once, not with its `close` event: the next new connection must not find it again.
    this.#open.delete(idlest);
    this.#idle.delete(idlest);
    idlest.destroy();
    return true;
  }
}
