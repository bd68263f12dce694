import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RequestHandler } from '../http/http-server.ts';
import type { ClientCertificate } from '../tls/client-certificate.ts';

/** A request to a route of this gateway. */
export interface InnerRequest {
  readonly method: string;
  /** Path with query, encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Uint8Array;
  /** The accepted certificate of the client of the call. */
  readonly certificate?: ClientCertificate | undefined;
}

const loopback = '127.0.0.1';
/** Connections that wait to be accepted: a thousand calls may come in one turn of the event loop. */
const backlog = 4_096;
/** Names the call that a request belongs to. */
const callHeader = 'x-drover-inner-call';

/**
 * Calls routes of this gateway, each like a client over the network: with the same checks of key, rights, limits and
 * form, and a connection whose end is the end of the work. It listens on loopback, at a port of its own. It serves its
 * own calls alone, since another program of this machine would come past the certificates that the gateway asks for.
 */
export class InnerHttp {
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  /** Calls whose request has not arrived, by a random id that no other program knows. */
  readonly #calls = new Map<string, ClientCertificate | undefined>();
  #port = 0;

  private constructor(handler: RequestHandler) {
    this.#server = createServer({ noDelay: true }, (incoming, response) => {
      const id = String(incoming.headers[callHeader]);
      const certificate = this.#calls.get(id);
      if (this.#calls.delete(id)) handler(incoming, response, certificate);
      else incoming.destroy();
    });
  }

  static async start(handler: RequestHandler): Promise<InnerHttp> {
    const inner = new InnerHttp(handler);
    inner.#server.listen({ port: 0, host: loopback, backlog });
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
    { method, path, headers = {}, body, certificate }: InnerRequest,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const given = Object.entries(headers).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const sent = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const id = randomBytes(16).toString('hex');
    this.#calls.set(id, certificate);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: loopback,
          port: this.#port,
          method,
          path,
          signal,
          agent: this.#agent,
          headers: { ...Object.fromEntries(given), ...sent, [callHeader]: id },
        },
        resolve,
      );
      outgoing.on('error', reject);
      outgoing.once('close', () => this.#calls.delete(id));
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
