import { InvalidArgumentError } from '@drover/actor-core';
import type { Exchange } from '../../http/exchange.ts';
import type { Handler, Route } from '../../http/route.ts';
import type { KeyAdmin, ShownKey } from '../../keys/key-admin.ts';
import type { KeyRecord } from '../../keys/key-record.ts';
import { keyView } from '../../keys/key-view.ts';
import type { GatewayServices } from '../../services.ts';
import { droverJson } from './drover-reply.ts';
import { explainRoutes } from './explain-routes.ts';
import { invalidField } from './memory-query.ts';
import {
  type CreateKeyBody,
  createKeyRequest,
  limitKeyRequest,
  rotateKeyRequest,
} from './operations/key-operations.ts';
import { readJson } from './read-json.ts';

const defaultGraceMs = 0;

type KeyEventType = 'key.created' | 'key.rotated' | 'key.limited' | 'key.revoked';

/**
 * Keys: `GET` and `POST /api/v1/keys`, `POST /api/v1/keys/{key}/rotate`, `PATCH` and `DELETE /api/v1/keys/{key}`.
 * `{key}` is an id or a name that only one key has.
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
  const issued = ({ record, text }: ShownKey): object => ({
    ...shown(record),
    ...(text !== undefined && { key: text }),
  });
  return [
    route('GET', '/keys', (exchange) => exchange.reply(droverJson({ keys: keys.list().map(shown) }))),
    route('POST', '/keys', async (exchange) => {
      const spec = await readJson(exchange, createKeyRequest, services.bodies);
      const made = await create(keys, spec);
      exchange.target = `key=${made.record.id}`;
      if (made.isNew) tell('key.created', made.record, exchange);
      exchange.reply(droverJson(issued(made), 201));
    }),
    route('POST', '/keys/{key}/rotate', async (exchange, { key = '' }) => {
      const { graceMs = defaultGraceMs, digest } = await readJson(
        exchange,
        rotateKeyRequest,
        services.bodies,
      );
      const made = await keys.rotate(key, graceMs, digest);
      if (made.isNew) tell('key.rotated', made.record, exchange);
      exchange.reply(droverJson(issued(made)));
    }),
    route('PATCH', '/keys/{key}', async (exchange, { key = '' }) => {
      const changes = await readJson(exchange, limitKeyRequest, services.bodies);
      const record = await keys.limit(key, changes);
      tell('key.limited', record, exchange);
      exchange.reply(droverJson(shown(record)));
    }),
    route('DELETE', '/keys/{key}', async (exchange, { key = '' }) => {
      const record = await keys.revoke(key);
      tell('key.revoked', record, exchange);
      exchange.reply(droverJson(shown(record)));
    }),
    ...explainRoutes(services, keys),
  ];
}

function route(method: string, path: string, handler: Handler): Route {
  return { methods: [method], path: `/api/v1${path}`, right: 'administer', counted: false, handler };
}

async function create(keys: KeyAdmin, { id, digest, ...spec }: CreateKeyBody): Promise<ShownKey> {
  if ((id === undefined) !== (digest === undefined))
    throw invalidField(id === undefined ? 'id' : 'digest', 'goes with the other: both are needed');
  try {
    return await keys.create(spec, id === undefined || digest === undefined ? undefined : { id, digest });
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw invalidField(error.argument, error.message.replace(`${error.argument} `, ''));
  }
}
