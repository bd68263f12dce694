import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '@drover/actor-core';
import type { GatewayConfig } from '../config.ts';
import { ListenError } from '../errors.ts';
import { clientErrorHandler } from './client-error.ts';
import { watchHalfClosed } from './half-closed.ts';
import { type ListeningSockets, openListeningSockets } from './listening-sockets.ts';
import { ConnectionPlaces } from './connection-limit.ts';
import type { OpenExchanges } from './open-exchanges.ts';

/**
 * The listening socket with its limits.
 *
 * Plain `node:http` and no framework, decided once for all routes: every answer here is shaped by another server
 * (Go's net/http under gin). Header names keep their case, short bodies have a Content-Length and long ones are
 * chunked, 404, 405 and redirects have Go's texts, a body is read whatever its Content-Type says and refused
 * before it is read, and streams are written under back pressure. A framework would be bypassed in each of these
 * points, and costs the same per chunk as none.
 */
export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** Takes no new connections and closes idle ones; running ones go on. */
  refuseNew(): void;
  /** Cuts every connection that is left and resolves when the socket is closed. */
  close(): Promise<void>;
}

export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

export interface Listening {
  readonly listener: RequestListener;
  /** The listener adds each request to it. */
  readonly exchanges: OpenExchanges;
  /** Makes room for a new connection by ending the request whose body is slowest; false where no body is arriving. */
  readonly makeRoom: () => boolean;
  /** Methods of a target's path, undefined for an unknown one. */
  readonly allowOf: (method: string, target: string) => string | undefined;
}

const socketOptions = { keepAlive: true, keepAliveInitialDelay: 30_000, noDelay: true };

/** How often node looks for requests that take too long to arrive. */
const checkIntervalMs = 1_000;

/**
 * A request's line and headers together. Go takes a megabyte; this is enough for the cookies that all the
 * applications on one `localhost` leave in a browser, and 4,096 connections of it fit into memory.
 */
const maxHeaderBytes = 64 * 1024;

/** @throws ListenError */
export async function listen(
  config: GatewayConfig,
  clock: Clock,
  { exchanges, allowOf, listener, makeRoom }: Listening,
): Promise<HttpServer> {
  const places = new ConnectionPlaces(config.maxConnections, clock, makeRoom);
  const take: RequestListener = (request, response) => {
    places.begin(request, response);
    listener(request, response);
  };
  const server = createServer(
    {
      headersTimeout: config.headersTimeoutMs,
      requestTimeout: config.bodyTimeoutMs,
      keepAliveTimeout: config.keepAliveTimeoutMs,
      connectionsCheckingInterval: checkIntervalMs,
      ...socketOptions,
      maxHeaderSize: maxHeaderBytes,
      // Answered in `door.ts`, with Go's error text.
      requireHostHeader: false,
    },
    take,
  );
  // Before node's own listener: a connection without a place is closed before anything is read from it.
  server.prependListener('connection', (socket: Socket) => places.enter(socket));
  server.on('clientError', clientErrorHandler(exchanges, allowOf));
  // Not typed: a client that ends its sending half still gets its answers.
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
  server.on('connection', (socket: Socket) => {
    socket.once('end', () => watchHalfClosed(socket, exchanges, clock));
  });
  // curl waits for `100 Continue` before a large body; it is sent when a handler begins to read the body.
  server.on('checkContinue', take);
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(417, { Connection: 'close', 'Content-Length': 0 }).end();
  });
  const sockets = await bind(server, config);
  const { port, address, family } = sockets.address;
  const shown =
    address === '0.0.0.0' || address === '::' ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address;
  return {
    port,
    url: `http://${shown}:${port}`,
    refuseNew: (): void => {
      sockets.close();
      server.closeIdleConnections();
    },
    close: async (): Promise<void> => {
      sockets.close();
      server.closeIdleConnections();
      const timer = clock.setTimer(flushMs, () => server.closeAllConnections());
      await sockets.closed;
      timer.cancel();
    },
  };
}

async function bind(server: Server, config: GatewayConfig): Promise<ListeningSockets> {
  try {
    return await openListeningSockets(server, config.host, config.port, socketOptions);
  } catch (error) {
    throw new ListenError(config.host, config.port, error);
  }
}

/** Answers already written get a moment to leave the machine. */
const flushMs = 200;
