import type { InferenceRoute } from '@drover/fleet';
import { RequestFailure } from '../../errors.ts';
import { decodeGoJson } from '../../go-compat/go-json.ts';
import { goKind, isObject } from '../../go-compat/go-text.ts';

/** The fields of a native request that the gateway reads; Ollama reads all others. */
export interface NativeRequest {
  /** As the client wrote it, for error texts. */
  readonly model: string;
  /** `load`, `unload`: a request without prompt or messages only loads or unloads the model. */
  readonly intent: 'infer' | 'load' | 'unload';
}

const structs: Readonly<Record<InferenceRoute, string>> = {
  chat: 'ChatRequest',
  generate: 'GenerateRequest',
  embed: 'EmbedRequest',
  embeddings: 'EmbeddingRequest',
  show: 'ShowRequest',
};

/**
 * Reads a native request.
 *
 * @throws RequestFailure with Ollama's status and text
 */
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
  return { model, intent: intentOf(route, fields) };
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

/** Whether `keep_alive` is zero, in any spelling that Ollama accepts. */
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

/** Value of a field. Go ignores the case of keys, and the last of several equal keys counts. */
function field(fields: Record<string, unknown>, name: string): unknown {
  let found: unknown;
  for (const key in fields) if (key === name || key.toLowerCase() === name) found = fields[key];
  return found;
}
