import { InvalidArgumentError } from '@drover/actor-core';
import { RequestFailure } from '../../errors.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Handler, Route } from '../../http/route.ts';
import { explainAccess } from '../../keys/explain-access.ts';
import type { KeyAdmin, ShownKey } from '../../keys/key-admin.ts';
import type { KeyRecord } from '../../keys/key-record.ts';
import { keyView } from '../../keys/key-view.ts';
import { parseModelName } from '../../model/model-name.ts';
import type { GatewayServices } from '../../services.ts';
import { droverJson } from './drover-reply.ts';
import { invalidField, readQuery } from './memory-query.ts';
import { type CreateKeyBody, createKeyRequest, rotateKeyRequest } from './operations/key-operations.ts';
import { readJson } from './read-json.ts';

const defaultGraceMs = 0;

type KeyEventType = 'key.created' | 'key.rotated' | 'key.revoked';

/**
 * Keys: `GET` and `POST /api/v1/keys`, `POST /api/v1/keys/{key}/rotate`, `DELETE /api/v1/keys/{key}`, and
 * `GET /api/v1/explain?key=&method=&route=&model=`. `{key}` is an id or a name that only one key has.
 */
export function keyRoutes(services: GatewayServices): readonly Route[] {
  const { keys, node, events } = services;
  if (keys === undefined) return [];
  const tell = (type: KeyEventType, record: KeyRecord, exchange: Exchange): void => {
    const { id, name, roles, tenant: keyTenant } = record;
    events.publish(type, {
      targets: [`key/${id}`],
      payload: { key: id, name, roles, keyTenant, by: exchange.principal.keyId },
      causationId: exchange.requestId,
      traceparent: exchange.header('traceparent'),
    });
  };
  const shown = (record: KeyRecord): object => keyView(record, node.clock.wallNow());
  const issued = ({ record, text }: ShownKey): object => ({ ...shown(record), key: text });
  return [
    route('GET', '/keys', (exchange) => exchange.reply(droverJson({ keys: keys.list().map(shown) }))),
    route('POST', '/keys', async (exchange) => {
      const spec = await readJson(exchange, createKeyRequest, services.bodies);
      const made = await create(keys, spec);
      exchange.target = `key=${made.record.id}`;
      tell('key.created', made.record, exchange);
      exchange.reply(droverJson(issued(made), 201));
    }),
    route('POST', '/keys/{key}/rotate', async (exchange, { key = '' }) => {
      const { graceMs = defaultGraceMs } = await readJson(exchange, rotateKeyRequest, services.bodies);
      const made = await keys.rotate(key, graceMs);
      tell('key.rotated', made.record, exchange);
      exchange.reply(droverJson(issued(made)));
    }),
    route('DELETE', '/keys/{key}', async (exchange, { key = '' }) => {
      const record = await keys.revoke(key);
      tell('key.revoked', record, exchange);
      exchange.reply(droverJson(shown(record)));
    }),
    route('GET', '/explain', (exchange) => explain(services, keys, exchange)),
  ];
}

function route(method: string, path: string, handler: Handler): Route {
  return { methods: [method], path: `/api/v1${path}`, right: 'administer', counted: false, handler };
}

async function create(keys: KeyAdmin, spec: CreateKeyBody): Promise<ShownKey> {
  try {
    return await keys.create(spec);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw invalidField(error.argument, error.message.replace(`${error.argument} `, ''));
  }
}

function explain({ routeOf, node }: GatewayServices, keys: KeyAdmin, exchange: Exchange): void {
  const {
    key,
    method = 'GET',
    route: path,
    model,
  } = readQuery(exchange.query, ['key', 'method', 'route', 'model']);
  if (key === undefined || key === '') throw invalidField('key', 'is missing: the id or the name of a key');
  if (path?.startsWith('/') !== true) throw invalidField('route', 'must be a path such as /api/chat');
  const nowMs = node.clock.wallNow();
  const record = keys.find(key);
  const match = routeOf(method, path);
  const right = match.kind === 'found' ? match.route.right : undefined;
  const steps = explainAccess(record, { method, path, right, model: model && shortName(model) }, nowMs);
  const allowed = steps.every(({ ok }) => ok);
  const { id, name, tenant, roles } = record;
  exchange.reply(
    droverJson({
      allowed,
      key: { id, name, tenant, roles },
      method,
      route: path,
      right: right ?? null,
      steps,
    }),
  );
}

/** The name that requests for this model are decided by. */
function shortName(model: string): string {
  const parsed = parseModelName(model);
  if (parsed.kind === 'ok') return parsed.name.short;
  throw new RequestFailure(400, 'invalid-input', `model: ${model} is not the name of a model`, {
    field: 'model',
  });
}
