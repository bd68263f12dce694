import { RequestFailure } from '../../errors.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Route } from '../../http/route.ts';
import {
  type AccessStep,
  explainAccess,
  explainPrincipal,
  type WantedAccess,
} from '../../keys/explain-access.ts';
import type { KeyAdmin } from '../../keys/key-admin.ts';
import { parseModelName } from '../../model/model-name.ts';
import type { GatewayServices } from '../../services.ts';
import { droverJson } from './drover-reply.ts';
import { invalidField, readQuery } from './memory-query.ts';
import { explainTokenRequest } from './operations/key-operations.ts';
import { readJson } from './read-json.ts';

/**
 * `GET /api/v1/explain?key=&method=&route=&model=`, and `POST /api/v1/explain` for a token, which must not stand in a
 * URL: what a caller may do, and which rule decides.
 */
export function explainRoutes(services: GatewayServices, keys: KeyAdmin): readonly Route[] {
  const common = { path: '/api/v1/explain', right: 'administer', counted: false } as const;
  return [
    { ...common, methods: ['GET'], handler: (exchange) => explainKey(services, keys, exchange) },
    { ...common, methods: ['POST'], handler: (exchange) => explainToken(services, exchange) },
  ];
}

/** Who would send the request. */
interface Shown {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly roles: readonly string[];
}

function explainKey(services: GatewayServices, keys: KeyAdmin, exchange: Exchange): void {
  const {
    key,
    method = 'GET',
    route,
    model,
  } = readQuery(exchange.query, ['key', 'method', 'route', 'model']);
  if (key === undefined || key === '') throw invalidField('key', 'is missing: the id or the name of a key');
  const wanted = wantedOf(services, method, route, model);
  const record = keys.find(key);
  const { id, name, tenant, roles } = record;
  const steps = explainAccess(record, wanted, services.node.clock.wallNow());
  answer(exchange, { id, name, tenant, roles }, wanted, steps);
}

async function explainToken(services: GatewayServices, exchange: Exchange): Promise<void> {
  const {
    token,
    method = 'GET',
    route,
    model,
  } = await readJson(exchange, explainTokenRequest, services.bodies);
  const wanted = wantedOf(services, method, route, model);
  if (services.tokens === undefined)
    throw invalidField('token', 'means nothing here: the gateway takes no tokens (--oidc-issuer)');
  try {
    const principal = await services.tokens.identify(token);
    const { keyId: id, tenant, roles } = principal;
    const known = { check: 'token', ok: true, reason: 'the token is valid' };
    answer(exchange, { id, name: '', tenant, roles }, wanted, explainPrincipal(principal, known, wanted));
  } catch (error) {
    if (!(error instanceof RequestFailure) || error.status >= 500) throw error;
    const step = { check: 'token', ok: false, reason: error.message };
    answer(exchange, { id: '', name: '', tenant: '', roles: [] }, wanted, [step]);
  }
}

function answer(
  exchange: Exchange,
  key: Shown,
  { method, path, right }: WantedAccess,
  steps: readonly AccessStep[],
): void {
  const allowed = steps.every(({ ok }) => ok);
  exchange.reply(droverJson({ allowed, key, method, route: path, right: right ?? null, steps }));
}

/** @throws RequestFailure 400 naming the field */
function wantedOf(
  { routeOf }: GatewayServices,
  method: string,
  path: string | undefined,
  model: string | undefined,
): WantedAccess {
  if (path?.startsWith('/') !== true) throw invalidField('route', 'must be a path such as /api/chat');
  const match = routeOf(method, path);
  const right = match.kind === 'found' ? match.route.right : undefined;
  return { method, path, right, model: model && shortName(model) };
}

/** The name that requests for this model are decided by. */
function shortName(model: string): string {
  const parsed = parseModelName(model);
  if (parsed.kind === 'ok') return parsed.name.short;
  throw new RequestFailure(400, 'invalid-input', `model: ${model} is not the name of a model`, {
    field: 'model',
  });
}
