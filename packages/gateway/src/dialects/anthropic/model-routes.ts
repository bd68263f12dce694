import type { IncomingHttpHeaders } from 'node:http';
import { isModel, modelKey, type OllamaTag } from '@drover/fleet';
import { RequestFailure } from '../../errors.ts';
import { goJson } from '../../go-compat/go-text.ts';
import type { Handler, Route } from '../../http/route.ts';
import { unlistedModel } from '../../model/required-model.ts';
import { markSimulated } from '../../model-listing/fleet-listing.ts';
import { findModel, listModels } from '../../model-listing/listed-models.ts';
import type { GatewayServices } from '../../services.ts';
import { translatedType } from './anthropic-error.ts';

type Tags = readonly OllamaTag[];

/** The models of the fleet in Anthropic's shape. OpenAI's clients ask for the same paths. */
export function modelRoutes(services: GatewayServices): readonly Route[] {
  const answer =
    (write: (tags: Tags, exchange: Parameters<Handler>[0], model: string) => unknown): Handler =>
    async (exchange, { model = '' }) => {
      const tags = await listModels(services, exchange.principal);
      markSimulated(services, exchange);
      const body = `${goJson(write(tags, exchange, model))}\n`;
      exchange.reply({ status: 200, contentType: translatedType, body });
    };
  const list = answer((tags, { query }) => modelPage(tags, new URLSearchParams(query)));
  const one = answer((tags, _, model) => oneModel(services, tags, model));
  return [
    { methods: ['GET'], path: '/v1/models', forClient: isAnthropicClient, right: 'list', handler: list },
    {
      methods: ['GET'],
      path: '/v1/models/{model}',
      forClient: isAnthropicClient,
      right: 'list',
      handler: one,
    },
  ];
}

/** Anthropic's clients state the version of the protocol with each request. */
function isAnthropicClient(headers: IncomingHttpHeaders): boolean {
  return headers['anthropic-version'] !== undefined || headers['x-api-key'] !== undefined;
}

/** All models, or the part of them that `limit`, `after_id` and `before_id` state. */
function modelPage(tags: Tags, query: URLSearchParams): object {
  const [after, before] = [indexOf(tags, query.get('after_id')), indexOf(tags, query.get('before_id'))];
  const candidates = tags.slice(after + 1, before < 0 ? tags.length : before);
  const limit = readLimit(query.get('limit')) ?? candidates.length;
  const page =
    before < 0 ? candidates.slice(0, limit) : candidates.slice(Math.max(0, candidates.length - limit));
  return {
    data: page.map((tag) => anthropicModel(tag.name, tag)),
    has_more: page.length < candidates.length,
    first_id: page[0]?.name ?? null,
    last_id: page.at(-1)?.name ?? null,
  };
}

function indexOf(tags: Tags, id: string | null): number {
  return id === null ? -1 : tags.findIndex(({ name }) => isModel(name, modelKey(id)));
}

function readLimit(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 1_000) return Number(text);
  throw new RequestFailure(400, 'invalid-input', 'limit must be a whole number from 1 to 1000', {
    field: 'limit',
  });
}

function oneModel(services: GatewayServices, tags: Tags, model: string): object {
  const tag = findModel(services, tags, model);
  if (tag) return anthropicModel(model, tag);
  throw unlistedModel(model);
}

function anthropicModel(id: string, tag: Tags[number]): object {
  const { modified_at: time } = tag;
  const created_at = typeof time === 'string' ? time : '1970-01-01T00:00:00Z';
  return { type: 'model', id, display_name: id, created_at };
}
