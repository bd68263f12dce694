import type { InferenceRoute } from '@drover/fleet';
import { RequestFailure } from '../errors.ts';
import { goQuote } from '../go-compat/go-text.ts';
import { type ModelName, parseModelName } from './model-name.ts';

/**
 * The name of the model that a request must carry.
 *
 * @throws RequestFailure with the status and text that Ollama gives on this route
 */
export function requireModel(route: InferenceRoute, model: string): ModelName {
  const parsed = parseModelName(model);
  switch (parsed.kind) {
    case 'ok':
      return parsed.name;
    case 'empty':
      if (route === 'generate' || route === 'embed') {
        throw new RequestFailure(404, 'model-not-found', `model '${model}' not found`, { field: 'model' });
      }
      throw new RequestFailure(400, 'model-required', 'model is required', { field: 'model' });
    case 'conflict':
      throw new RequestFailure(
        400,
        'invalid-model-name',
        `use either :local or :cloud, not both: ${goQuote(parsed.text)}`,
      );
    case 'cloud': {
      const what = route === 'show' ? 'remote model details are unavailable' : 'remote model is unavailable';
      throw new RequestFailure(403, 'cloud-disabled', `ollama cloud is disabled: ${what}`);
    }
    default:
      throw new RequestFailure(400, 'invalid-model-name', 'invalid model name', { field: 'model' });
  }
}

/**
 * Ollama's error text for an unknown model on this route.
 *
 * @param short the name as Ollama shows it
 */
export function modelNotFoundText(route: InferenceRoute, model: string, short: string): string {
  switch (route) {
    case 'show':
      return `model '${short}' not found`;
    case 'embed':
    case 'embeddings':
      return `model ${goQuote(model)} not found, try pulling it first`;
    default:
      return `model '${model}' not found`;
  }
}

/** The failure of a request for one entry of the list of models. */
export function unlistedModel(model: string): RequestFailure {
  const parsed = parseModelName(model);
  const short = parsed.kind === 'ok' ? parsed.name.short : model;
  return new RequestFailure(404, 'model-not-found', `model '${short}' not found`, { field: 'model' });
}
