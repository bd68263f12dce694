import type { Reply, UpstreamHead } from '../../inference/answer-dialect.ts';
import type { RequestFailure } from '../../errors.ts';
import { goJson, isObject } from '../../go-compat/go-text.ts';
import { jsonType } from '../native/native-dialect.ts';

/** Ollama writes what it translated with the bare type and a newline, what it refused itself with the charset and none. */
export const translatedType = 'application/json';

/** OpenAI's error body as Ollama's layer fills it. */
export function openAiError(status: number, message: string): string {
  const type = status === 400 ? 'invalid_request_error' : status === 404 ? 'not_found_error' : 'api_error';
  return goJson({ error: { message, type, param: null, code: null } });
}

/** The request itself was refused, before its translation. Of a body that breaks off Ollama tells before it knows the dialect. */
export function refusedReply(failure: RequestFailure): Reply {
  return {
    status: failure.status,
    contentType: jsonType,
    body:
      failure.code === 'body-broken'
        ? goJson({ error: failure.message })
        : openAiError(failure.status, failure.message),
  };
}

/** The request was translated and then failed. */
export function failedReply(failure: RequestFailure): Reply {
  return translatedError(failure.status, failure.message);
}

/** Ollama's native error answer, in OpenAI's words. A host's error of a stream stays chunked. */
export function upstreamErrorReply(head: UpstreamHead, body: string): Reply {
  return { ...translatedError(head.status, errorText(body)), chunked: head.contentType === translatedType };
}

/** The last frame of a broken stream: the openai client throws on it, and no `[DONE]` follows. */
export function brokenStreamFrame(failure: RequestFailure): string {
  const { message, code } = failure;
  return sseData(goJson({ error: { message, type: 'api_error', param: null, code } }));
}

/** A line break in JSON is space between its parts, and would end the frame's line. */
export function sseData(json: string): string {
  return `data: ${/[\n\r]/.test(json) ? json.replace(/[\n\r]/g, ' ') : json}\n\n`;
}

/** The text of a native error line or body, if it is one. */
export function errorText(body: string): string {
  try {
    const value: unknown = JSON.parse(body);
    if (isObject(value) && typeof value.error === 'string' && value.error !== '') return value.error;
    if (isObject(value)) return 'something went wrong, please see the ollama server logs for details';
  } catch {
    // Not JSON: the bytes themselves are the message, as in Ollama.
  }
  return body;
}

function translatedError(status: number, message: string): Reply {
  return { status, contentType: translatedType, body: `${openAiError(status, message)}\n` };
}
