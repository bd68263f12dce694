import { WebSocketServer } from 'ws';
import { RequestFailure } from '../../errors.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Route } from '../../http/route.ts';
import { upgradeOf } from '../../http/upgrades.ts';
import type { GatewayServices } from '../../services.ts';
import { readSocketQuery } from './agents-socket-query.ts';
import { serveAgentsSocket } from './agents-socket.ts';
import { readerOf } from './event-routes.ts';
import { SocketChannel } from './socket-channel.ts';

/** WebSockets that one gateway serves at a time. */
const maxSockets = 512;
/** Largest message of a client. */
const maxMessageBytes = 4_096;
const retryAfterMs = 5_000;
/** Codes of RFC 6455. */
const goingAway = 1_001;
const internalError = 1_011;
/** The protocol that is agreed on where the client offers any: a browser's key comes as a second one, `bearer.KEY`. */
const protocol = 'drover';

/** `GET /api/agents/ws`: agents, tasks and figures of a tenant over a WebSocket. */
export function agentsSocketRoute(services: GatewayServices): Route {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
  });
  let open = 0;
  return {
    methods: ['GET'],
    path: '/api/agents/ws',
    right: 'data',
    // A WebSocket lasts for days: it must not take the place of a request.
    counted: false,
    handler: async (exchange) => {
      const query = readSocketQuery(exchange.query);
      requireOpening(services, open);
      open += 1;
      try {
        await serve(services, exchange, accept(server, exchange), query);
      } finally {
        open -= 1;
      }
    },
  };
}

function requireOpening({ drain, eventFeed }: GatewayServices, open: number): void {
  if (drain.isDraining)
    throw new RequestFailure(503, 'gateway-stopping', 'the gateway is stopping', { retryAfterMs });
  if (open >= maxSockets)
    throw new RequestFailure(503, 'too-many-streams', `this gateway serves ${maxSockets} WebSockets`, {
      retryAfterMs,
    });
  if (!eventFeed.isOpen)
    throw new RequestFailure(
      503,
      'store-unavailable',
      'this gateway has not found the stream of events yet',
      {
        retryAfterMs,
      },
    );
}

/** Answers the handshake. @throws RequestFailure 426 for a plain request, 400 for one that is no handshake */
function accept(server: WebSocketServer, exchange: Exchange): Promise<SocketOf> {
  const { request } = exchange;
  const upgrade = upgradeOf(request);
  if (upgrade === undefined) {
    exchange.setHeader('upgrade', 'websocket');
    throw new RequestFailure(426, 'upgrade-required', 'this route is a WebSocket: ask for the upgrade');
  }
  const isHandshake =
    exchange.header('sec-websocket-version') === '13' &&
    /^[+/0-9A-Za-z]{22}==$/.test(exchange.header('sec-websocket-key') ?? '');
  if (!isHandshake)
    throw new RequestFailure(400, 'invalid-input', 'sec-websocket-key: is no handshake of version 13', {
      field: 'sec-websocket-key',
    });
  upgrade.takeOver();
  return new Promise((resolve, reject) => {
    upgrade.socket.once('close', () => reject(new Error('the client left during the handshake')));
    server.handleUpgrade(request, upgrade.socket, upgrade.head, resolve);
  });
}

type SocketOf = ConstructorParameters<typeof SocketChannel>[0];

async function serve(
  services: GatewayServices,
  exchange: Exchange,
  accepting: Promise<SocketOf>,
  query: ReturnType<typeof readSocketQuery>,
): Promise<void> {
  const socket = await accepting.catch(() => undefined);
  if (socket === undefined) return;
  const { node, config, drain } = services;
  const channel = new SocketChannel(socket, { clock: node.clock, readerTimeoutMs: config.readerTimeoutMs });
  const off = drain.onBegin(() => channel.close(goingAway, 'the gateway is stopping'));
  const { principal } = exchange;
  try {
    await serveAgentsSocket(services, channel, query, {
      tenant: principal.tenant,
      reader: readerOf(principal),
    });
  } catch (err) {
    node.log.warn({ err, requestId: exchange.requestId }, 'a WebSocket ended with an error');
    channel.close(internalError, 'the gateway failed');
  }
  await channel.closed;
  off();
}
