import { goJson } from '../../go-compat/go-text.ts';
import { jsonType, type Reply } from '../../http/reply.ts';

/** An error as Ollama's own routes answer it. */
export function nativeError(status: number, message: string): Reply {
  return { status, contentType: jsonType, body: goJson({ error: message }) };
}
