import { isModel, modelKey } from '@drover/fleet';
import { RequestFailure } from '../../errors.ts';
import { goJson } from '../../go-compat/go-text.ts';
import type { Handler, Route } from '../../http/route.ts';
import { parseModelName } from '../../model/model-name.ts';
import { requireModel } from '../../model/required-model.ts';
import { markSimulated, readListings } from '../../model-listing/fleet-listing.ts';
import { mergeTags } from '../../model-listing/merge-listings.ts';
import type { GatewayServices } from '../../services.ts';
import { translatedType } from './openai-error.ts';
import { secondsOf } from './unix-seconds.ts';

type Tags = ReturnType<typeof mergeTags>;

/** The models of the fleet in OpenAI's shape. */
export function modelRoutes(services: GatewayServices): readonly Route[] {
  const answer =
    (write: (tags: Tags, model: string) => unknown): Handler =>
    async (exchange, { model = '' }) => {
      const tags = mergeTags(await readListings(services));
      markSimulated(services, exchange);
      const body = `${goJson(write(tags, model))}\n`;
      exchange.reply({ status: 200, contentType: translatedType, body });
    };
  return [
    { methods: ['GET'], path: '/v1/models', handler: answer(modelList) },
    { methods: ['GET'], path: '/v1/models/{model}', handler: answer(oneModel) },
  ];
}

function modelList(tags: Tags): unknown {
  const data = tags.map((tag) => openAiModel(tag.name, tag));
  return { object: 'list', data: data.length === 0 ? null : data };
}

function oneModel(tags: Tags, model: string): unknown {
  const name = requireModel('show', model);
  const key = modelKey(name.short);
  const tag = tags.find((entry) => isModel(entry.name, key));
  if (tag) return openAiModel(model, tag);
  throw new RequestFailure(404, 'model-not-found', `model '${name.short}' not found`, { field: 'model' });
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
