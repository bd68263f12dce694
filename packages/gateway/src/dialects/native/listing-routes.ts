import type { OllamaTag } from '@drover/fleet';
import { goJson } from '../../go-compat/go-text.ts';
import { tagged } from '../../http/entity-tag.ts';
import { jsonType } from '../../http/reply.ts';
import type { Route } from '../../http/route.ts';
import type { Principal } from '../../keys/principal.ts';
import { fleetVersion, markSimulated, readListings } from '../../model-listing/fleet-listing.ts';
import { listModels } from '../../model-listing/listed-models.ts';
import { mergeRunning } from '../../model-listing/merge-listings.ts';
import { visibleTo } from '../../model-listing/visible-models.ts';
import { parseModelName } from '../../model/model-name.ts';
import type { GatewayServices } from '../../services.ts';

/** The models and the version of the fleet, as one Ollama would list them. */
export function listingRoutes(services: GatewayServices): readonly Route[] {
  const get = (
    path: string,
    methods: readonly string[],
    read: (caller: Principal) => object | Promise<object>,
    { isTagged = false }: { readonly isTagged?: boolean } = {},
  ): Route => ({
    path,
    methods,
    right: 'list',
    handler: async (exchange) => {
      const value = await read(exchange.principal);
      markSimulated(services, exchange);
      const reply = { status: 200, contentType: jsonType, body: goJson(value) };
      exchange.reply(isTagged ? tagged(exchange, reply) : reply);
    },
  });
  return [
    get(
      '/api/tags',
      ['GET', 'HEAD'],
      async (caller) => ({ models: (await listModels(services, caller)).map(withTag) }),
      { isTagged: true },
    ),
    // The loaded models change with every request, so each Ollama is asked now.
    get('/api/ps', ['GET'], async (caller) => ({
      models: visibleTo(caller, mergeRunning(await readListings(services, { fresh: true }))),
    })),
    get('/api/version', ['HEAD', 'GET'], () => ({ version: fleetVersion(services) })),
    {
      methods: ['HEAD', 'GET'],
      path: '/',
      right: 'list',
      counted: false,
      handler: (exchange): void => {
        markSimulated(services, exchange);
        exchange.reply({ status: 200, contentType: 'text/plain; charset=utf-8', body: 'Ollama is running' });
      },
    },
  ];
}

/** Ollama shows each name with its tag, and so an alias too. */
function withTag(model: OllamaTag): OllamaTag {
  const parsed = parseModelName(model.name);
  if (parsed.kind !== 'ok' || parsed.name.short === model.name) return model;
  return { ...model, name: parsed.name.short, model: parsed.name.short };
}
