import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reply } from '../inference/answer-dialect.ts';
import { RequestFailure } from '../errors.ts';
import { setRetryAfter } from '../inference/inference.ts';
import { nativeDialect } from '../dialects/native/native-dialect.ts';
import { failedReply } from '../dialects/openai/openai-error.ts';
import { ownError } from '../dialects/drover/drover-reply.ts';
import type { GatewayServices } from '../services.ts';
import { isAllowedHost, isLoopback } from './allowed-host.ts';
import { Exchange } from './exchange.ts';
import { failureOf } from './failure.ts';
import { OpenExchanges } from './open-exchanges.ts';
import { decideOrigin } from './origin.ts';
import { badRequest, protocolErrorOf } from './protocol-error.ts';
import { requestIdOf } from './request-id.ts';
import { type RequestTarget, targetOf } from './request-target.ts';
import { RequestPlaces } from './request-limit.ts';
import type { Route, RouteMatch, RouteParams, Router } from './router.ts';
import { answerUnrouted, isOwnPath } from './unrouted.ts';

/** Where every request comes in: what all routes share, and who is inside. */
export interface Door {
  readonly isDraining: boolean;
  /** Places of the requests that are served or whose bodies are arriving. */
  readonly places: RequestPlaces;
  /** What each client connection has open. */
  readonly exchanges: OpenExchanges;
  /** Never throws. */
  take(request: IncomingMessage, response: ServerResponse): void;
  /** From now on new requests are refused. */
  beginDrain(): void;
  /** Resolves when nobody is inside; those still there after `withinMs` are interrupted with `failure`. */
  settle(withinMs: number, failure: RequestFailure): Promise<void>;
}

/** An interrupted request has this long to tell its client, before its connection is dropped. */
const farewellMs = 1_000;

export function createDoor(
  services: GatewayServices,
  router: Router,
  machine: { readonly name: string; readonly addresses: readonly string[] },
): Door {
  const { node, config } = services;
  const inside = new Set<Exchange>();
  const exchanges = new OpenExchanges();
  const checksHost = isLoopback(config.host);
  const places = new RequestPlaces(config);
  let isDraining = false;
  let onEmpty: (() => void) | undefined;

  const leave = (exchange: Exchange): void => {
    inside.delete(exchange);
    if (inside.size === 0) onEmpty?.();
  };

  const dispatch = async (exchange: Exchange, match: RouteMatch): Promise<void> => {
    if (match.kind !== 'found') return answerUnrouted(exchange, match);
    const isCounted = match.route.counted !== false;
    if (isDraining && isCounted) return refuse(exchange, stopping());
    if (!isCounted) return await runRoute(services, exchange, match.route, match.params);
    places.enter(exchange);
    exchange.place = places;
    try {
      await runRoute(services, exchange, match.route, match.params);
    } finally {
      places.leave(exchange);
    }
  };

  const admit = async (exchange: Exchange, host: string): Promise<void> => {
    // Ollama redirects and says which methods a path has before it looks at Host and Origin.
    const match = router.match(exchange.method, exchange.path);
    if (match.kind === 'redirect') return answerUnrouted(exchange, match);
    if (match.kind === 'wrong-method') exchange.setHeader('Allow', match.allow);
    const origin = decideOrigin(
      {
        method: exchange.method,
        host,
        origin: exchange.header('origin'),
        wantedHeaders: exchange.header('access-control-request-headers'),
      },
      config.origins,
    );
    if (origin.kind === 'refused') return exchange.reply({ status: 403, contentType: '', body: '' });
    if (origin.kind !== 'none')
      for (const [name, value] of Object.entries(origin.headers)) exchange.setHeader(name, value);
    if (origin.kind === 'preflight')
      return exchange.reply({ status: 204, contentType: '', body: '', chunked: true });
    if (checksHost) {
      const kind = isAllowedHost(host, machine, config.allowedHosts);
      if (kind === 'refused') return exchange.reply({ status: 403, contentType: '', body: '' });
      if (kind === 'name' && exchange.method === 'OPTIONS') {
        return exchange.reply({ status: 204, contentType: '', body: '', chunked: true });
      }
    }
    await dispatch(exchange, match);
  };

  return {
    exchanges,
    get isDraining(): boolean {
      return isDraining;
    },
    places,
    take: (request, response): void => {
      const target = targetOf(request.url ?? '/');
      const sentId = request.headers['x-drover-request-id'];
      const exchange = new Exchange(request, response, target ?? noTarget, {
        requestId: requestIdOf(typeof sentId === 'string' ? sentId : undefined, node.random),
        clock: node.clock,
        readerTimeoutMs: config.readerTimeoutMs,
      });
      exchanges.add(exchange);
      exchange.setHeader('x-drover-request-id', exchange.requestId);
      exchange.setHeader('x-drover-gateway', '1');
      if (isDraining) exchange.setHeader('Connection', 'close');
      const refusal = protocolErrorOf(request) ?? answerStar(request) ?? (target ? undefined : badRequest());
      if (refusal) {
        if (refusal.status >= 400) exchange.setHeader('Connection', 'close');
        exchange.reply(refusal);
        return;
      }
      inside.add(exchange);
      void exchange.closed.then(() => leave(exchange));
      const host = target?.authority ?? exchange.header('host') ?? '';
      admit(exchange, host).catch((error: unknown) => refuse(exchange, failureOf(error)));
    },
    beginDrain: (): void => {
      isDraining = true;
    },
    settle: async (withinMs, failure): Promise<void> => {
      if (inside.size === 0) return;
      const empty = new Promise<void>((resolve) => {
        onEmpty = resolve;
      });
      const interrupting = node.clock.setTimer(withinMs, () => {
        for (const exchange of inside) exchange.interrupt(failure);
      });
      const dropping = node.clock.setTimer(withinMs + farewellMs, () => {
        for (const exchange of inside) exchange.destroy();
      });
      await empty;
      interrupting.cancel();
      dropping.cancel();
    },
  };
}

async function runRoute(
  services: GatewayServices,
  exchange: Exchange,
  route: Route,
  params: RouteParams,
): Promise<void> {
  try {
    await route.handler(exchange, params);
  } catch (error) {
    const failure = failureOf(error);
    // A handler answers an expected failure with its status, such as 404; only an unexpected error is a fault of the gateway.
    if (failure.code === 'internal') {
      const facts = { requestId: exchange.requestId, path: exchange.path, error };
      services.node.log.error(facts, 'a route failed with an unexpected error');
    }
    if (exchange.isStarted) exchange.destroy();
    else refuse(exchange, failure);
  }
}

const noTarget: RequestTarget = { path: '/', query: '', authority: undefined };

/** Go's server answers a target of `*` by itself: OPTIONS with 200, all else with 400, both without a body. */
function answerStar(request: IncomingMessage): Reply | undefined {
  if (request.url !== '*') return undefined;
  return { status: request.method === 'OPTIONS' ? 200 : 400, contentType: '', body: '' };
}

/** An error before any route, in the dialect the path belongs to. */
function refuse(exchange: Exchange, failure: RequestFailure): void {
  setRetryAfter(exchange, failure);
  exchange.reply(replyOf(exchange, failure));
}

function replyOf(exchange: Exchange, failure: RequestFailure): Reply {
  if (isOwnPath(exchange.path)) return ownError(failure, exchange.requestId);
  return exchange.path.startsWith('/v1/') ? failedReply(failure) : nativeDialect.failure(failure);
}

function stopping(): RequestFailure {
  return new RequestFailure(503, 'gateway-stopping', 'the gateway is stopping', { retryAfterMs: 2_000 });
}
