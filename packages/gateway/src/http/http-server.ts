import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock, Logger } from '@drover/actor-core';
import type { GatewayConfig } from '../config.ts';
import { ListenError } from '../errors.ts';
import { clientErrorHandler } from './client-error.ts';
import { watchHalfClosed } from './half-closed.ts';
import { type ListeningSockets, openListeningSockets } from './listening-sockets.ts';
import { ConnectionLimit } from './connection-limit.ts';
import type { OpenExchanges } from './open-exchanges.ts';
import type { ClientCertificate } from '../tls/client-certificate.ts';
import { certificateOf, type TlsClients, TlsFront } from '../tls/tls-front.ts';
import type { TlsKeeper } from '../tls/tls-keeper.ts';
import { isLingering, lingerAfter } from './unread-body.ts';
import { takeUpgrades } from './upgrades.ts';

/**
 * The HTTP server with its limits.
 *
 * Uses plain `node:http` without a framework, because every answer follows another server (gin on Go's net/http):
 * header names keep their case, short bodies have a Content-Length and long ones are chunked, 404, 405 and redirects
 * have Go's texts, a body is read whatever its Content-Type and can be refused before it is read, and streams are
 * written with back pressure. A framework would have to be bypassed in each of these points.
 *
 * @see docs/decisions/0005-node-http-in-the-gateway.md
 */
export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** Accepts no new connections and closes idle ones; running requests continue. */
  refuseNew(): void;
  /** Closes all connections and resolves when the listening sockets are closed. */
  close(): Promise<void>;
}

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/** Serves a request of a client, with the accepted certificate of the client where TLS asks for one. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  certificate?: ClientCertificate,
) => void;

/** The files and rules of TLS. */
export interface TlsOptions {
  readonly keeper: TlsKeeper;
  readonly clients: TlsClients;
}

export interface RequestHandling {
  /** Undefined: HTTP is plain. */
  readonly tls: TlsOptions | undefined;
  readonly log: Logger;
  readonly handler: RequestHandler;
  /** Open exchanges by connection; `handler` adds each request. */
  readonly exchanges: OpenExchanges;
  /** Ends the request with the slowest body and closes its connection; false if no body is arriving. */
  readonly freeConnection: () => boolean;
  /** Methods of the path of a request target, undefined for an unknown path. */
  readonly allowOf: (method: string, target: string) => string | undefined;
}

const socketOptions = { keepAlive: true, keepAliveInitialDelay: 30_000, noDelay: true };

/** How often node checks the timeouts of arriving requests. */
const checkIntervalMs = 1_000;

/**
 * Largest request line with headers. Go accepts a megabyte; this is enough for the cookies of all applications on one
 * `localhost`, and headers of this size on 4,096 connections fit into memory.
 */
const maxHeaderBytes = 64 * 1024;

/** @throws ListenError */
export async function listen(
  config: GatewayConfig,
  clock: Clock,
  handling: RequestHandling,
): Promise<HttpServer> {
  const connections = new ConnectionLimit(config.maxConnections, clock, handling.freeConnection);
  const server = createLimitedServer(config, clock, handling, connections);
  const front =
    handling.tls && secure(server, connections, { ...handling, config, clock, tls: handling.tls });
  // Runs before all other listeners: a connection above the limit is closed before any byte is read from it.
  server.prependListener('connection', (socket: Socket) => connections.enter(socket));
  const sockets = await bind(server, config);
  const scheme = front ? 'https' : 'http';
  return {
    port: sockets.address.port,
    url: urlOf(scheme, sockets.address),
    refuseNew: (): void => {
      sockets.close();
      server.closeIdleConnections();
    },
    close: async (): Promise<void> => {
      sockets.close();
      front?.close();
      server.closeIdleConnections();
      const timer = clock.setTimer(flushMs, () => server.closeAllConnections());
      await sockets.closed;
      timer.cancel();
    },
  };
}

function createLimitedServer(
  config: GatewayConfig,
  clock: Clock,
  { exchanges, allowOf, handler, tls }: RequestHandling,
  connections: ConnectionLimit,
): Server {
  const take: RequestListener = (request, response) => {
    // It follows a body that was refused.
    if (isLingering(request.socket)) {
      request.resume();
      return;
    }
    connections.begin(request, response);
    handler(request, response, tls && certificateOf(request.socket));
  };
  const server = createServer(
    {
      headersTimeout: config.headersTimeoutMs,
      requestTimeout: config.bodyTimeoutMs,
      keepAliveTimeout: config.keepAliveTimeoutMs,
      connectionsCheckingInterval: checkIntervalMs,
      ...socketOptions,
      maxHeaderSize: maxHeaderBytes,
      // The dispatcher answers a missing Host header with Go's error text.
      requireHostHeader: false,
    },
    take,
  );
  server.on('clientError', clientErrorHandler(exchanges, allowOf, clock));
  // A client that closes its sending half still gets its answers. The option is not in node's types.
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
  server.on('connection', (socket: Socket) => {
    socket.once('end', () => watchHalfClosed(socket, exchanges, clock));
  });
  // curl waits for `100 Continue` before a large body; it is sent when a handler begins to read the body.
  server.on('checkContinue', take);
  takeUpgrades(server, take);
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    lingerAfter(request, clock);
    response.writeHead(417, { Connection: 'close', 'Content-Length': 0 }).end();
  });
  return server;
}

/**
 * Puts TLS in front of the server: its listeners get the connections whose handshake is over. The server of node:https
 * would take the listening socket too, could not answer plain HTTP, and accepts or refuses clients by itself.
 */
function secure(
  server: Server,
  connections: ConnectionLimit,
  {
    config,
    clock,
    log,
    tls,
  }: {
    readonly config: GatewayConfig;
    readonly clock: Clock;
    readonly log: Logger;
    readonly tls: TlsOptions;
  },
): TlsFront {
  const listeners = server.listeners('connection');
  server.removeAllListeners('connection');
  const front = new TlsFront({
    ...tls,
    protocol: 'http/1.1',
    handshakeTimeoutMs: config.headersTimeoutMs,
    clock,
    log,
    take: (socket, raw) => {
      connections.replace(raw, socket);
      for (const listener of listeners) listener.call(server, socket);
    },
  });
  server.on('connection', (raw: Socket) => {
    if (!raw.destroyed) front.accept(raw);
  });
  return front;
}

/** URL for clients on this machine. */
function urlOf(scheme: string, { address, family, port }: AddressInfo): string {
  const isAny = address === '0.0.0.0' || address === '::';
  const host = isAny ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address;
  return `${scheme}://${host}:${port}`;
}

async function bind(server: Server, config: GatewayConfig): Promise<ListeningSockets> {
  try {
    return await openListeningSockets(server, config.host, config.port, socketOptions);
  } catch (error) {
    throw new ListenError(config.host, config.port, error);
  }
}

/** Time for answers that are already written to leave the machine. */
const flushMs = 200;
