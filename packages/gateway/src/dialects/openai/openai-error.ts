import type { RequestFailure } from '../../errors.ts';
import { goJson } from '../../go-compat/go-text.ts';
import { jsonType, type Reply } from '../../http/reply.ts';
import type { UpstreamHead } from '../../inference/answer-format.ts';
import { errorText } from '../../translation/error-text.ts';
import { sseData } from '../../translation/server-sent-event.ts';

/**
 * Content type of translated answers, whose body ends in a newline. Ollama answers a request that it does not translate
 * with `jsonType` and without a newline.
 */
export const translatedType = 'application/json';

/** OpenAI's error body with the fields that Ollama fills. */
export function openAiError(status: number, message: string): string {
  const type = status === 400 ? 'invalid_request_error' : status === 404 ? 'not_found_error' : 'api_error';
  return goJson({ error: { message, type, param: null, code: null } });
}

/**
 * The error body of a refused key or of a limit, which Ollama does not have, as OpenAI sends it; undefined for another
 * failure.
 */
function keyError({ status, code, message, facts }: RequestFailure): string | undefined {
  if (code === 'budget-spent')
    return goJson({
      error: { message, type: 'insufficient_quota', param: null, code: 'insufficient_quota' },
    });
  if (code === 'rate-limited') {
    const type = String(facts['counts']);
    return goJson({ error: { message, type, param: null, code: 'rate_limit_exceeded' } });
  }
  const isForbidden = code === 'not-allowed' || code === 'model-not-allowed';
  if (status !== 401 && !isForbidden) return undefined;
  const [type, short] = isForbidden
    ? ['permission_error', 'insufficient_permissions']
    : ['invalid_request_error', 'invalid_api_key'];
  return goJson({ error: { message, type, param: null, code: short } });
}

/**
 * Error answer to a request that could not be read or translated. A body that breaks off has Ollama's own error format:
 * Ollama reads the body before the OpenAI layer.
 */
export function untranslatedReply(failure: RequestFailure): Reply {
  return {
    status: failure.status,
    contentType: jsonType,
    body:
      failure.code === 'body-broken'
        ? goJson({ error: failure.message })
        : (keyError(failure) ?? openAiError(failure.status, failure.message)),
  };
}

/** Error answer to a request that was translated and then failed. */
export function failedReply(failure: RequestFailure): Reply {
  const { status, message } = failure;
  return {
    status,
    contentType: translatedType,
    body: `${keyError(failure) ?? openAiError(status, message)}\n`,
  };
}

/** Translates a host's error answer. An error in place of a stream stays chunked. */
export function upstreamErrorReply(head: UpstreamHead, body: string): Reply {
  return { ...translatedError(head.status, errorText(body)), chunked: head.contentType === translatedType };
}

/** Last frame of a stream that failed: the openai client throws an error on it. No `[DONE]` follows. */
export function brokenStreamFrame(failure: RequestFailure): string {
  const { message, code } = failure;
  return sseData(goJson({ error: { message, type: 'api_error', param: null, code } }));
}

function translatedError(status: number, message: string): Reply {
  return { status, contentType: translatedType, body: `${openAiError(status, message)}\n` };
}
