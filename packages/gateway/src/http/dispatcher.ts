import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, type Logger, type Random, withTrace } from '@drover/actor-core';
import type { Auditor } from '../audit/auditor.ts';
import type { GatewayConfig } from '../config.ts';
import { RequestFailure } from '../errors.ts';
import type { Door } from '../keys/door.ts';
import type { ClientCertificate } from '../tls/client-certificate.ts';
import { anyone, type Principal } from '../keys/principal.ts';
import { type AccessRules, decideAccess } from './access.ts';
import { isLoopback, type Machine } from './allowed-host.ts';
import type { Drain } from './drain.ts';
import { Exchange } from './exchange.ts';
import { OpenExchanges } from './open-exchanges.ts';
import { badRequest, protocolErrorOf } from './protocol-error.ts';
import { redirect } from './redirect.ts';
import type { Reply } from './reply.ts';
import { requestIdOf } from './request-id.ts';
import { type RequestTarget, targetOf } from './request-target.ts';
import { RequestLimit } from './request-limit.ts';
import type { RouteMatch, Router } from './router.ts';

export interface DispatcherOptions {
  readonly router: Router;
  readonly config: GatewayConfig;
  readonly drain: Drain;
  /** Undefined: everyone may use every route. */
  readonly door: Door | undefined;
  /** @default no request is logged or traced */
  readonly observer?: Observer;
  /** Undefined: nothing is recorded. */
  readonly auditor?: Auditor | undefined;
  /** The machine that the gateway runs on. */
  readonly machine: Machine;
  /** Converts an error that a handler throws. */
  readonly failureOf: (error: unknown) => RequestFailure;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Learns of each request when it arrives. */
export interface Observer {
  opened(exchange: Exchange): void;
}

/**
 * Passes every request to the handler of its route, after the steps that all routes share: access and limits. Writes
 * the error answers of all routes.
 */
export class Dispatcher {
  readonly limit: RequestLimit;
  /** The open exchanges of each client connection. */
  readonly exchanges: OpenExchanges = new OpenExchanges();
  readonly #options: DispatcherOptions;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.limit = new RequestLimit(options.config);
  }

  /** Never throws. @param certificate of the client, accepted */
  dispatch(request: IncomingMessage, response: ServerResponse, certificate?: ClientCertificate): void {
    const { router, drain } = this.#options;
    const target = targetOf(request.url ?? '/');
    const { path, encodedPath } = target ?? noTarget;
    const match = router.match(request.method ?? 'GET', path, encodedPath, request.headers);
    const exchange = this.#open(request, response, target ?? noTarget, match);
    const refusal = protocolErrorOf(request) ?? answerStar(request) ?? (target ? undefined : badRequest());
    if (refusal) {
      if (refusal.status >= 400) exchange.setHeader('Connection', 'close');
      exchange.reply(refusal);
      return;
    }
    drain.add(exchange);
    const host = target?.authority ?? exchange.header('host') ?? '';
    const route = (): Promise<void> => this.#route(exchange, match, { host, certificate });
    const routed = exchange.trace === undefined ? route() : withTrace(exchange.trace, route);
    routed.catch((error: unknown) => this.#fail(exchange, error));
  }

  #open(
    request: IncomingMessage,
    response: ServerResponse,
    target: RequestTarget,
    match: RouteMatch,
  ): Exchange {
    const { drain, random, clock, config, observer } = this.#options;
    const { dialect } = match;
    const exchange = new Exchange(request, response, target, {
      requestId: requestIdOf(request.headers['x-drover-request-id'], random),
      clock,
      readerTimeoutMs: config.readerTimeoutMs,
      formatFailure: dialect.failure,
    });
    this.exchanges.add(exchange);
    if (match.kind === 'found') exchange.facts.route = match.route.path;
    observer?.opened(exchange);
    exchange.setHeader('x-drover-request-id', exchange.requestId);
    if (dialect.requestIdHeader !== undefined)
      exchange.setHeader(dialect.requestIdHeader, exchange.requestId);
    exchange.setHeader('x-drover-gateway', '1');
    if (drain.isDraining) exchange.setHeader('Connection', 'close');
    return exchange;
  }

  async #route(exchange: Exchange, match: RouteMatch, { host, certificate }: Sender): Promise<void> {
    // Ollama redirects and lists the methods of a path before it checks Host and Origin.
    if (match.kind === 'redirect') return redirect(exchange, match);
    if (match.kind === 'wrong-method') exchange.setHeader('Allow', match.allow);
    const admitted = this.#audit(exchange, match);
    const { headers, reply } = decideAccess(
      {
        method: exchange.method,
        host,
        origin: exchange.header('origin'),
        wantedHeaders: exchange.header('access-control-request-headers'),
      },
      this.#accessRules(),
    );
    for (const [name, value] of Object.entries(headers)) exchange.setHeader(name, value);
    if (reply) return exchange.reply(reply);
    const identified = this.#admit(exchange, match, certificate);
    if (identified !== undefined) await identified;
    // Before an act begins, its record must be in the store.
    const recorded = admitted?.();
    if (recorded !== undefined) await recorded;
    if (match.kind === 'found') return await this.#serve(exchange, match);
    const { unrouted = match.dialect.failure } = match.dialect;
    exchange.reply(unrouted(unroutedFailure(exchange, match), exchange.requestId));
  }

  /**
   * Before the body is read. A promise only for a token that must be verified.
   *
   * @throws RequestFailure 401, 403, or 503
   */
  #admit(
    exchange: Exchange,
    match: RouteMatch,
    certificate: ClientCertificate | undefined,
  ): Promise<void> | undefined {
    const { door } = this.#options;
    if (door === undefined) {
      exchange.caller = anyone;
      return undefined;
    }
    const admitted = door.admit({
      method: exchange.method,
      path: exchange.path,
      right: match.kind === 'found' ? match.route.right : undefined,
      authorization: exchange.header('authorization'),
      apiKey: exchange.header('x-api-key'),
      certificate,
      onKnown: (caller) => {
        exchange.caller = caller;
      },
    });
    const take = (principal: Principal): void => {
      exchange.principal = principal;
    };
    if (admitted instanceof Promise) return admitted.then(take);
    take(admitted);
    return undefined;
  }

  /** @returns the function to call once the caller is let in; undefined where nothing is recorded */
  #audit(exchange: Exchange, match: RouteMatch): (() => Promise<void> | undefined) | undefined {
    const { auditor } = this.#options;
    if (auditor === undefined) return undefined;
    if (match.kind !== 'found') return auditor.follow(exchange, undefined);
    const { route, params } = match;
    return route.right === 'open' ? undefined : auditor.follow(exchange, route, params);
  }

  /** Read anew for each request: origins and host names may change while the gateway runs. */
  #accessRules(): AccessRules {
    const { config, machine } = this.#options;
    return {
      origins: config.origins,
      hosts: isLoopback(config.host) ? { machine, allowed: config.allowedHosts } : undefined,
    };
  }

  async #serve(exchange: Exchange, { route, params }: RouteMatch & { kind: 'found' }): Promise<void> {
    if (route.counted === false) return await route.handler(exchange, params);
    if (this.#options.drain.isDraining) return exchange.fail(stopping());
    this.limit.enter(exchange);
    exchange.limit = this.limit;
    try {
      await route.handler(exchange, params);
    } finally {
      this.limit.leave(exchange);
    }
  }

  #fail(exchange: Exchange, error: unknown): void {
    const failure = exchange.interruption ?? this.#options.failureOf(error);
    this.#log(exchange, failure);
    if (exchange.isStarted) exchange.destroy();
    else exchange.fail(failure);
  }

  /**
   * Logs faults of the gateway and of the parts that it depends on. A refusal by a limit and an error of the client
   * have no cause and are not logged.
   */
  #log({ requestId, path }: Exchange, failure: RequestFailure): void {
    const { log } = this.#options;
    const { code, cause, status, message } = failure;
    if (code === 'internal')
      log.error({ requestId, path, error: cause }, 'a route failed with an unexpected error');
    else if (status >= 500 && cause !== undefined)
      log.warn({ requestId, path, cause }, `request failed: ${message}`);
  }
}

/** What a request tells of its sender beside its headers. */
interface Sender {
  /** The host that it names. */
  readonly host: string;
  readonly certificate: ClientCertificate | undefined;
}

const noTarget: RequestTarget = { path: '/', encodedPath: '/', query: '', authority: undefined };

/** The answer of Go's server to the target `*`: OPTIONS gets 200, every other method 400, both without a body. */
function answerStar(request: IncomingMessage): Reply | undefined {
  if (request.url !== '*') return undefined;
  return { status: request.method === 'OPTIONS' ? 200 : 400, contentType: '', body: '' };
}

function unroutedFailure(
  { method, path }: Exchange,
  match: RouteMatch & { kind: 'wrong-method' | 'unknown' },
): RequestFailure {
  if (match.kind === 'unknown') return new RequestFailure(404, 'no-such-route', `there is no route ${path}`);
  const message = `${method} is not possible on ${path}; it takes ${match.allow}`;
  return new RequestFailure(405, 'method-not-allowed', message);
}

function stopping(): RequestFailure {
  return new RequestFailure(503, 'gateway-stopping', 'the gateway is stopping', { retryAfterMs: 2_000 });
}
