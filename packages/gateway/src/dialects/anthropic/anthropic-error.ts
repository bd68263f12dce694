import type { RequestFailure } from '../../errors.ts';
import { goJson } from '../../go-compat/go-text.ts';
import { jsonType, type Reply } from '../../http/reply.ts';
import type { UpstreamHead } from '../../inference/answer-format.ts';
import { errorText } from '../../translation/error-text.ts';
import { sseEvent } from '../../translation/server-sent-event.ts';

/** Content type of translated answers, whose body ends in a newline, as Ollama sends them. */
export const translatedType = 'application/json';

/** Error answer to a request that could not be read or translated. */
export function untranslatedReply({ status, message }: RequestFailure, requestId: string): Reply {
  return { status, contentType: jsonType, body: anthropicError(status, message, requestId) };
}

/** Error answer to a request that was translated and then failed. */
export function failedReply({ status, message }: RequestFailure, requestId: string): Reply {
  return translatedError(status, message, requestId);
}

/** Translates a host's error answer. An error in place of a stream stays chunked. */
export function upstreamErrorReply(head: UpstreamHead, body: string, requestId: string): Reply {
  const isChunked = head.contentType === translatedType;
  return { ...translatedError(head.status, errorText(body), requestId), chunked: isChunked };
}

/** Last event of a stream that failed: Anthropic's client throws an error on it. No `message_stop` follows. */
export function errorEvent(status: number, message: string): string {
  return sseEvent('error', goJson({ type: 'error', error: { type: errorType(status), message } }));
}

function translatedError(status: number, message: string, requestId: string): Reply {
  return { status, contentType: translatedType, body: `${anthropicError(status, message, requestId)}\n` };
}

function anthropicError(status: number, message: string, requestId: string): string {
  return goJson({ type: 'error', error: { type: errorType(status), message }, request_id: requestId });
}

function errorType(status: number): string {
  return types[status] ?? 'api_error';
}

/** As Ollama, with the types of Anthropic for the statuses that only Drover answers. */
const types: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};
