import type { InferenceRoute } from '@drover/fleet';
import { NativeFields } from './native-fields.ts';

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
  const fields = new NativeFields(structs[route], body);
  let model = fields.string('model');
  if (route === 'show' && model === '') model = fields.string('name');
  return { model, intent: intentOf(route, fields) };
}

function intentOf(route: InferenceRoute, fields: NativeFields): NativeRequest['intent'] {
  const content =
    route === 'chat' ? fields.value('messages') : route === 'generate' ? fields.value('prompt') : null;
  const isEmpty = content === undefined || content === '' || (Array.isArray(content) && content.length === 0);
  if (route === 'chat' || route === 'generate') {
    if (content !== null && !isEmpty) return 'infer';
    return isZero(fields.value('keep_alive')) ? 'unload' : 'load';
  }
  return 'infer';
}

/** Whether `keep_alive` is zero, in any spelling that Ollama accepts. */
function isZero(keepAlive: unknown): boolean {
  if (typeof keepAlive === 'string') return /^[+-]?0+(\.0*)?(ns|us|µs|ms|s|m|h)?$/.test(keepAlive);
  return keepAlive === 0;
}
