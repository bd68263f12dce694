import { InvalidArgumentError } from '@drover/actor-core';
import type { ClusterSetting, ClusterSettings } from '../../cluster-settings.ts';
import { RequestFailure } from '../../errors.ts';
import type { Handler, Route } from '../../http/route.ts';
import type { GatewayServices } from '../../services.ts';
import { droverJson } from './drover-reply.ts';
import { settingRequest } from './operations/cluster-operations.ts';
import { readJson } from './read-json.ts';

/** Settings that change while the cluster runs: `GET /api/v1/settings`, `PUT` and `DELETE /api/v1/settings/{key}`. */
export function settingsRoutes(services: GatewayServices): readonly Route[] {
  const { settings } = services;
  if (settings === undefined) return [];
  return [
    route('GET', '/api/v1/settings', async (exchange) => {
      exchange.reply(droverJson({ settings: (await settings.list()).map(shown), keys: settings.keys }));
    }),
    route('PUT', '/api/v1/settings/{key}', async (exchange, { key = '' }) => {
      const { value } = await readJson(exchange, settingRequest, services.bodies);
      exchange.reply(droverJson({ key, value, revision: await set(settings, key, value) }));
    }),
    route('DELETE', '/api/v1/settings/{key}', async (exchange, { key = '' }) => {
      if (!settings.keys.includes(key)) throw unknownKey(settings, key);
      await settings.unset(key);
      exchange.reply({ status: 204, contentType: '', body: '' });
    }),
  ];
}

function route(method: string, path: string, handler: Handler): Route {
  const right = method === 'GET' ? 'observe' : 'operate';
  return { methods: [method], path, right, counted: false, handler };
}

async function set(settings: ClusterSettings, key: string, value: string): Promise<number> {
  if (!settings.keys.includes(key)) throw unknownKey(settings, key);
  try {
    return await settings.set(key, value);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new RequestFailure(400, 'invalid-input', error.message, { field: key });
  }
}

function unknownKey({ keys }: ClusterSettings, key: string): RequestFailure {
  const message = `${key} cannot change while the cluster runs; these can: ${keys.join(', ')}`;
  return new RequestFailure(404, 'setting-not-found', message);
}

function shown({ key, value, revision, changedAtMs }: ClusterSetting): object {
  return { key, value, revision, changedAt: new Date(changedAtMs).toISOString() };
}
