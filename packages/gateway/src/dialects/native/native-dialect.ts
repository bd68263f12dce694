import type { AnswerDialect, Reply, UpstreamHead } from '../../inference/answer-dialect.ts';
import type { RequestFailure } from '../../errors.ts';
import { goJson } from '../../go-compat/go-text.ts';

export const jsonType = 'application/json; charset=utf-8';
/** Ollama's type for an error that comes where a stream was about to begin. */
const bareJsonType = 'application/json';

/** Ollama's own dialect: what the host said goes out as it came. */
export const nativeDialect: AnswerDialect = {
  streamType: 'application/x-ndjson',
  failure: (failure: RequestFailure): Reply => nativeError(failure.status, failure.message),
  whole: (head: UpstreamHead, body: string): Reply => ({
    status: head.status,
    contentType: head.contentType,
    body,
    chunked: head.contentType === bareJsonType,
  }),
  lines: (lines: readonly string[]): string => `${lines.join('\n')}\n`,
  brokenStream: (failure: RequestFailure): string => `${goJson({ error: failure.message })}\n`,
};

export function nativeError(status: number, message: string): Reply {
  return { status, contentType: jsonType, body: goJson({ error: message }) };
}
