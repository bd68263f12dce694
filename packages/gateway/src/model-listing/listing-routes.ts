import type { CatalogueMessage } from '@drover/fleet';
import { RequestFailure } from '../errors.ts';
import { goJson } from '../go-compat/go-text.ts';
import type { Exchange } from '../http/exchange.ts';
import { failureOf } from '../http/failure.ts';
import type { Route } from '../http/router.ts';
import { setRetryAfter } from '../inference/inference.ts';
import { modelKey, parseModelName } from '../model/model-name.ts';
import { jsonType, nativeDialect } from '../dialects/native/native-dialect.ts';
import { requireModel } from '../dialects/native/native-request.ts';
import { secondsOf } from '../dialects/openai/chat-answer.ts';
import { failedReply, translatedType } from '../dialects/openai/openai-error.ts';
import type { GatewayServices } from '../services.ts';
import { lowestVersion } from './lowest-version.ts';
import { mergeRunning, mergeTags } from './merge-listings.ts';

type Reading = (catalogues: readonly CatalogueMessage[], params: Readonly<Record<string, string>>) => string;

/** What the fleet has, in both dialects: the union over its ready instances. */
export function catalogueRoutes(services: GatewayServices): readonly Route[] {
  const get = (
    path: string,
    methods: readonly string[],
    dialect: 'native' | 'openai',
    read: Reading,
    fresh = false,
  ): Route => ({
    methods,
    path,
    handler: async (exchange, params): Promise<void> => {
      try {
        requireReady(services);
        const catalogues = await services.fleet.describe({
          timeoutMs: services.config.describeTimeoutMs,
          fresh,
        });
        if (catalogues.length === 0) throw silent();
        markSimulated(services, exchange);
        const body = read(catalogues, params);
        const reply = { status: 200, contentType: dialect === 'native' ? jsonType : translatedType };
        exchange.reply({ ...reply, body: dialect === 'native' ? body : `${body}\n` });
      } catch (error) {
        const failure = failureOf(error);
        setRetryAfter(exchange, failure);
        exchange.reply(dialect === 'native' ? nativeDialect.failure(failure) : failedReply(failure));
      }
    },
  });
  return [
    get('/api/tags', ['GET', 'HEAD'], 'native', (catalogues) => goJson({ models: mergeTags(catalogues) })),
    // What is loaded changes with every request, so each Ollama is asked now.
    get('/api/ps', ['GET'], 'native', (catalogues) => goJson({ models: mergeRunning(catalogues) }), true),
    get('/v1/models', ['GET'], 'openai', (catalogues) => {
      const data = mergeTags(catalogues).map((tag) => openAiModel(tag.name, tag));
      return goJson({ object: 'list', data: data.length === 0 ? null : data });
    }),
    get('/v1/models/{model}', ['GET'], 'openai', (catalogues, { model = '' }) => {
      const name = requireModel('show', model);
      const key = modelKey(name);
      const tag = mergeTags(catalogues).find((entry) => entry.name.toLowerCase() === key);
      if (!tag)
        throw new RequestFailure(404, 'model-not-found', `model '${name.short}' not found`, {
          field: 'model',
        });
      return goJson(openAiModel(model, tag));
    }),
    {
      methods: ['HEAD', 'GET'],
      path: '/api/version',
      handler: (exchange): void => sendVersion(services, exchange),
    },
    {
      methods: ['HEAD', 'GET'],
      path: '/',
      counted: false,
      handler: (exchange): void => {
        markSimulated(services, exchange);
        exchange.reply({ status: 200, contentType: 'text/plain; charset=utf-8', body: 'Ollama is running' });
      },
    },
  ];
}

/** The lowest version over the ready instances. A simulated one says so in its own version. */
function sendVersion(services: GatewayServices, exchange: Exchange): void {
  const ready = readyInstances(services);
  const version = lowestVersion(ready.map(({ load }) => load.version));
  if (version === undefined) {
    const failure = noHost();
    setRetryAfter(exchange, failure);
    exchange.reply(nativeDialect.failure(failure));
    return;
  }
  markSimulated(services, exchange);
  exchange.reply({ status: 200, contentType: jsonType, body: goJson({ version }) });
}

function openAiModel(
  id: string,
  tag: { readonly name: string; readonly modified_at?: unknown },
): Record<string, unknown> {
  const parsed = parseModelName(tag.name);
  return {
    id,
    object: 'model',
    created: typeof tag.modified_at === 'string' ? (secondsOf(tag.modified_at) ?? 0) : 0,
    owned_by: parsed.kind === 'ok' ? parsed.name.namespace : 'library',
  };
}

function readyInstances(
  services: GatewayServices,
): ReturnType<GatewayServices['fleet']['load']['instances']> {
  return services.fleet.load.instances().filter(({ alive, load }) => alive && load.state === 'ready');
}

/** An empty list would read as "no models": without a host there is no list. */
function requireReady(services: GatewayServices): void {
  if (readyInstances(services).length === 0) throw noHost();
}

function noHost(): RequestFailure {
  return new RequestFailure(
    503,
    'no-host',
    'no Ollama host is ready: start one, or wait for it to come back',
    {
      retryAfterMs: 2_000,
    },
  );
}

function silent(): RequestFailure {
  return new RequestFailure(503, 'no-host', 'no Ollama host told its models in time', {
    retryAfterMs: 1_000,
  });
}

function markSimulated(services: GatewayServices, exchange: Exchange): void {
  if (services.fleet.load.instances().some(({ load }) => load.simulated))
    exchange.setHeader('x-drover-simulated', '1');
}
