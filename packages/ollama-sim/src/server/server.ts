import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isSimPath, simRoutes } from '../control/sim-routes.ts';
import { routes } from './ollama-routes.ts';
import type { Services } from '../services.ts';
import { Exchange } from '../http/exchange.ts';
import { decideGuard, isLoopback } from '../http/guard.ts';
import { decideRoute, type Routes } from '../router.ts';

const REDIRECT_TEXT = { 301: 'Moved Permanently', 307: 'Temporary Redirect' } as const;
const HTML_PAGE =
  '<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in to the network</h1></body></html>\n';

/** A listening server and its sockets. */
export interface Listening {
  readonly server: Server;
  readonly port: number;
  /** Closes every connection at once and stops listening. */
  close(): Promise<void>;
}

/** @throws Error of the system when it cannot listen on the port */
export async function listen(services: Services): Promise<Listening> {
  const { host, port } = services.config;
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => void handle(services, request, response));
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.on('connection', (socket) => {
    sockets.add(socket);
    services.http.openConnections = sockets.size;
    // A client that closes its side of the connection counts as disconnected, as in Go.
    socket.once('end', () => socket.destroy());
    socket.once('close', () => {
      sockets.delete(socket);
      services.http.openConnections = sockets.size;
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    server,
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function handle(services: Services, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const exchange = new Exchange(request, response, services.config.label);
  try {
    if (isSimPath(exchange.path)) return await dispatch(simRoutes, exchange, services);
    response.once('finish', () => services.http.requestsServed++);
    if (services.faults.strikes('html')) return exchange.send(200, 'text/html; charset=utf-8', HTML_PAGE);
    const { checkHost, host } = services.config;
    const guard = decideGuard(exchange, checkHost && isLoopback(host));
    if (guard.kind === 'refuse') return exchange.send(403, null, '');
    for (const [name, value] of Object.entries(guard.headers)) exchange.setHeader(name, value);
    if (guard.kind === 'preflight') return exchange.send(204, null, '');
    await dispatch(routes, exchange, services);
  } catch (error) {
    // `request.destroyed` is true after its body was read, so only the response shows that the client has left.
    if (exchange.signal.aborted) return;
    process.stderr.write(`ollama-sim: ${request.method} ${request.url}: ${String(error)}\n`);
    if (exchange.begun) exchange.cut();
    else exchange.send(500, 'text/plain', 'internal error of the simulator');
  }
}

async function dispatch(table: Routes, exchange: Exchange, services: Services): Promise<void> {
  const decision = decideRoute(table, exchange.method, exchange.path);
  if (decision.kind === 'found') return decision.handler(exchange, services);
  if (decision.kind === 'missing') return exchange.send(404, 'text/plain', '404 page not found');
  if (decision.kind === 'wrong-method')
    return exchange.send(405, 'text/plain', '405 method not allowed', { Allow: decision.allow });
  const { status, location } = decision;
  const page = `<a href="${location}">${REDIRECT_TEXT[status]}</a>.\n\n`;
  exchange.send(status, 'text/html; charset=utf-8', page, { Location: location });
}
