import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RequestListener } from '../http/http-server.ts';

/** A request to a route of this gateway. */
export interface InnerRequest {
  readonly method: string;
  /** Path with query, encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Uint8Array;
}

const loopback = '127.0.0.1';

/**
 * Calls routes of this gateway, each like a client over the network: with the same checks of key, rights, limits and
 * form, and a connection whose end is the end of the work. It listens on loopback, at a port of its own, and asks for
 * the same keys as the gateway does.
 */
export class InnerHttp {
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  #port = 0;

  private constructor(listener: RequestListener) {
    this.#server = createServer({ noDelay: true }, listener);
  }

  static async start(listener: RequestListener): Promise<InnerHttp> {
    const inner = new InnerHttp(listener);
    inner.#server.listen(0, loopback);
    await once(inner.#server, 'listening');
    inner.#port = (inner.#server.address() as AddressInfo).port;
    return inner;
  }

  /**
   * Resolves with the head of the answer. Aborting `signal` closes the connection, as a client does that leaves.
   *
   * @throws Error the connection was closed before the head
   */
  async call(
    { method, path, headers = {}, body }: InnerRequest,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const given = Object.entries(headers).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const sent = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: loopback,
          port: this.#port,
          method,
          path,
          signal,
          agent: this.#agent,
          headers: { ...Object.fromEntries(given), ...sent },
        },
        resolve,
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
