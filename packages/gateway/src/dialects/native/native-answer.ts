import { goJson } from '../../go-compat/go-text.ts';
import type { AnswerFormat } from '../../inference/answer-format.ts';

/** Content type of an error that Ollama sends in place of a stream. */
const bareJsonType = 'application/json';

/** Passes the host's answer on unchanged. */
export const nativeAnswer: AnswerFormat = {
  streamType: 'application/x-ndjson',
  whole: (head, body) => ({
    status: head.status,
    contentType: head.contentType,
    body,
    chunked: head.contentType === bareJsonType,
  }),
  lines: (lines) => `${lines.join('\n')}\n`,
  brokenStream: (failure) => `${goJson({ error: failure.message })}\n`,
};
