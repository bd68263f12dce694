import type { InferenceRoute } from '@drover/fleet';
import { RequestFailure } from '../../errors.ts';
import { decodeGoJson } from '../../go-compat/go-json.ts';
import { goKind, goQuote, isObject } from '../../go-compat/go-text.ts';
import { type ModelName, parseModelName } from '../../model/model-name.ts';

/** The little the gateway reads of a native request; everything else is between the client and Ollama. */
export interface NativeRequest {
  /** As the client wrote it: error texts repeat it. */
  readonly model: string;
  readonly name: ModelName;
  /** Only loads or unloads the model: no prompt, no messages. */
  readonly intent: 'infer' | 'load' | 'unload';
}

const structs: Readonly<Record<InferenceRoute, string>> = {
  chat: 'ChatRequest',
  generate: 'GenerateRequest',
  embed: 'EmbedRequest',
  embeddings: 'EmbeddingRequest',
  show: 'ShowRequest',
};

/** @throws RequestFailure with the status and text Ollama gives for it */
export function readNativeRequest(route: InferenceRoute, body: string): NativeRequest {
  const value = decodeGoJson(body, 'missing request body');
  const struct = structs[route];
  if (value !== null && !isObject(value)) {
    throw new RequestFailure(
      400,
      'invalid-type',
      `json: cannot unmarshal ${goKind(value)} into Go value of type api.${struct}`,
    );
  }
  const fields = value ?? {};
  let model = stringField(fields, 'model', struct);
  if (route === 'show' && model === '') model = stringField(fields, 'name', struct);
  return { model, name: requireModel(route, model), intent: intentOf(route, fields) };
}

/** @throws RequestFailure with the status and text Ollama gives on that route */
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

/** How Ollama words an unknown model on that route. */
export function modelNotFoundText(route: InferenceRoute, model: string, name: ModelName): string {
  switch (route) {
    case 'show':
      return `model '${name.short}' not found`;
    case 'embed':
    case 'embeddings':
      return `model ${goQuote(model)} not found, try pulling it first`;
    default:
      return `model '${model}' not found`;
  }
}

function intentOf(route: InferenceRoute, fields: Record<string, unknown>): NativeRequest['intent'] {
  const content =
    route === 'chat' ? field(fields, 'messages') : route === 'generate' ? field(fields, 'prompt') : null;
  const isEmpty = content === undefined || content === '' || (Array.isArray(content) && content.length === 0);
  if (route === 'chat' || route === 'generate') {
    if (content !== null && !isEmpty) return 'infer';
    return isZero(field(fields, 'keep_alive')) ? 'unload' : 'load';
  }
  return 'infer';
}

/** Zero in any of the spellings Ollama takes for `keep_alive`. */
function isZero(keepAlive: unknown): boolean {
  if (typeof keepAlive === 'string') return /^[+-]?0+(\.0*)?(ns|us|µs|ms|s|m|h)?$/.test(keepAlive);
  return keepAlive === 0;
}

function stringField(fields: Record<string, unknown>, name: string, struct: string): string {
  const value = field(fields, name);
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  throw new RequestFailure(
    400,
    'invalid-type',
    `json: cannot unmarshal ${goKind(value)} into Go struct field ${struct}.${name} of type string`,
    { field: name },
  );
}

/** Go matches keys without regard to case; the last one wins. */
function field(fields: Record<string, unknown>, name: string): unknown {
  let found: unknown;
  for (const key in fields) if (key === name || key.toLowerCase() === name) found = fields[key];
  return found;
}
