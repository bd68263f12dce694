import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange } from './exchange.ts';

interface Connection {
  readonly open: Set<Exchange>;
  lastRequest: IncomingMessage | undefined;
}

/** The open exchanges of each client connection: several if the client sends requests ahead (pipelining). */
export class OpenExchanges {
  readonly #connections = new WeakMap<Socket, Connection>();

  /** Adds an exchange, which is removed when it is closed. Called in the order of the requests. */
  add(exchange: Exchange): void {
    const { request } = exchange;
    const known = this.#connections.get(request.socket);
    const connection = known ?? { open: new Set(), lastRequest: undefined };
    if (!known) this.#connections.set(request.socket, connection);
    connection.open.add(exchange);
    connection.lastRequest = request;
    void exchange.closed.then(() => connection.open.delete(exchange));
  }

  /** Open exchanges in the order of their requests: the answer of the first one is written next. */
  of(socket: Socket): readonly Exchange[] {
    return [...(this.#connections.get(socket)?.open ?? [])];
  }

  /** Whether the rest of a request that was answered early is still arriving. */
  isReading(socket: Socket): boolean {
    return this.#connections.get(socket)?.lastRequest?.complete === false;
  }
}
