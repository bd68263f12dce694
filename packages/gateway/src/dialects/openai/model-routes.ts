import type { OllamaTag } from '@drover/fleet';
import { goJson } from '../../go-compat/go-text.ts';
import { tagged } from '../../http/entity-tag.ts';
import type { Handler, Route } from '../../http/route.ts';
import { parseModelName } from '../../model/model-name.ts';
import { unlistedModel } from '../../model/required-model.ts';
import { markSimulated } from '../../model-listing/fleet-listing.ts';
import { findModel, listModels } from '../../model-listing/listed-models.ts';
import type { GatewayServices } from '../../services.ts';
import { translatedType } from './openai-error.ts';
import { secondsOf } from '../../translation/unix-seconds.ts';

type Tags = readonly OllamaTag[];

/** The models of the fleet in OpenAI's shape. */
export function modelRoutes(services: GatewayServices): readonly Route[] {
  const answer =
    (write: (tags: Tags, model: string) => unknown): Handler =>
    async (exchange, { model = '' }) => {
      const tags = await listModels(services, exchange.principal);
      markSimulated(services, exchange);
      const body = `${goJson(write(tags, model))}\n`;
      exchange.reply(tagged(exchange, { status: 200, contentType: translatedType, body }));
    };
  return [
    { methods: ['GET'], path: '/v1/models', right: 'list', handler: answer(modelList) },
    {
      methods: ['GET'],
      path: '/v1/models/{model}',
      right: 'list',
      handler: answer((tags, model) => oneModel(services, tags, model)),
    },
  ];
}

function modelList(tags: Tags): unknown {
  const data = tags.map((tag) => openAiModel(tag.name, tag));
  return { object: 'list', data: data.length === 0 ? null : data };
}

function oneModel(services: GatewayServices, tags: Tags, model: string): unknown {
  const tag = findModel(services, tags, model);
  if (tag) return openAiModel(model, tag);
  throw unlistedModel(model);
}

function openAiModel(id: string, tag: Tags[number]): Record<string, unknown> {
  const parsed = parseModelName(tag.name);
  const { modified_at: time } = tag;
  return {
    id,
    object: 'model',
    created: typeof time === 'string' ? (secondsOf(time) ?? 0) : 0,
    owned_by: parsed.kind === 'ok' ? parsed.name.namespace : 'library',
  };
}
