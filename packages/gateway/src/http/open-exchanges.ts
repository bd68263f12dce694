import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange } from './exchange.ts';

interface Connection {
  readonly open: Set<Exchange>;
  lastRequest: IncomingMessage | undefined;
}

/** Which exchanges each client connection has open: several where a client sends requests ahead (pipelining). */
export class OpenExchanges {
  readonly #connections = new WeakMap<Socket, Connection>();

  /** Called in the order of the requests; an exchange leaves by itself when it is closed. */
  add(exchange: Exchange): void {
    const { request } = exchange;
    const known = this.#connections.get(request.socket);
    const connection = known ?? { open: new Set(), lastRequest: undefined };
    if (!known) this.#connections.set(request.socket, connection);
    connection.open.add(exchange);
    connection.lastRequest = request;
    void exchange.closed.then(() => connection.open.delete(exchange));
  }

  /** In the order of their requests: the first one's answer is the next to be written. */
  of(socket: Socket): readonly Exchange[] {
    return [...(this.#connections.get(socket)?.open ?? [])];
  }

  /** Whether bytes of a request that was answered early are still to come. */
  isReading(socket: Socket): boolean {
    return this.#connections.get(socket)?.lastRequest?.complete === false;
  }
}
