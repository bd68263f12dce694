import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import type { Clock, Logger } from '@drover/actor-core';
import { ListenError } from '../errors.ts';
import type { TlsOptions } from '../http/http-server.ts';
import { TlsFront } from '../tls/tls-front.ts';

interface SecureOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsOptions;
  readonly handshakeTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

interface SecureListener {
  readonly port: number;
  close(): void;
}

/**
 * Listens with TLS for a gRPC server, by the rules of the HTTP server. The library's own TLS reads certificates once,
 * or knows no client that may show one.
 *
 * @throws ListenError
 */
export async function listenSecure(
  server: Server,
  { host, port, tls, handshakeTimeoutMs, clock, log }: SecureOptions,
): Promise<SecureListener> {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const front = new TlsFront({
    ...tls,
    protocol: 'h2',
    handshakeTimeoutMs,
    clock,
    log,
    take: (socket) => injector.injectConnection(socket),
  });
  const listener = createServer({ noDelay: true, allowHalfOpen: true }, (raw) => front.accept(raw));
  listener.listen({ host, port });
  try {
    await once(listener, 'listening');
  } catch (error) {
    throw new ListenError(host, port, error);
  }
  return {
    port: (listener.address() as AddressInfo).port,
    close: () => {
      listener.close();
      front.close();
      injector.destroy();
    },
  };
}
