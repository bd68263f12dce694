import { OllamaError } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { JSON_PLAIN, sendOpenAiError } from '../http/reply.ts';
import type { SimModel } from '../model/model.ts';
import { fullName } from '../model/model-name.ts';
import type { Services } from '../services.ts';
import { goJson } from '../wire/go-text.ts';

/** GET /v1/models */
export function listModels(exchange: Exchange, services: Services): void {
  const data = services.modelStore.list().map((model) => entry(model.name, model));
  exchange.send(200, JSON_PLAIN, `${goJson({ object: 'list', data })}\n`);
}

/** GET /v1/models/{id}: answers with the id of the request. */
export function oneModel(exchange: Exchange, services: Services): void {
  const name = decoded(exchange.path.slice(exchange.path.lastIndexOf('/') + 1));
  const model = services.modelStore.find(name);
  if (model) exchange.send(200, JSON_PLAIN, `${goJson(entry(name, model))}\n`);
  else sendOpenAiError(exchange, new OllamaError(404, `model '${fullName(name)}' not found`), false);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function entry(id: string, model: SimModel): object {
  return { id, object: 'model', created: Math.floor(model.modifiedAtMs / 1000), owned_by: 'library' };
}
