import { goJson } from '../../go-compat/go-text.ts';
import { writeJson } from '../../go-compat/write-json.ts';
import type { AnswerFormat } from '../../inference/answer-format.ts';
import type { ChatObject } from '../../translation/chat-object.ts';
import { errorText } from '../../translation/error-text.ts';
import { chatReader } from '../../translation/forced-call-answer.ts';
import type { ForcedCall } from '../../translation/tool-choice.ts';
import { secondsOf } from '../../translation/unix-seconds.ts';
import { translatedType, upstreamErrorReply } from './openai-error.ts';
import { callItem, messageItem, reasoningItem, type ResponseItem } from './response-item.ts';
import { responseObject } from './response-object.ts';
import { type ResponsesOptions, ResponsesStream } from './responses-stream.ts';
import { ToolCalls } from './tool-calls.ts';

const eventStream = 'text/event-stream';

/** Facts of one request that its answer needs. */
export interface ResponsesAnswerOptions extends ResponsesOptions {
  readonly stream: boolean;
  /** The call that the answer must be. */
  readonly forced: ForcedCall | undefined;
}

/**
 * Translates answers of Ollama's `/api/chat` to `/v1/responses` as Ollama's own layer does. An error inside the stream
 * is sent as a failed response and an error event (Ollama ends the stream without a word).
 */
export function responsesAnswer(options: ResponsesAnswerOptions): AnswerFormat {
  const stream = new ResponsesStream(options);
  const read = chatReader(options.forced, !options.stream);
  const events = (line: string): string => {
    const object = read(line);
    return object.error === undefined
      ? stream.events(object)
      : stream.failure('server_error', errorText(line));
  };
  return {
    streamType: eventStream,
    whole: (head, body) => {
      if (head.status !== 200) return upstreamErrorReply(head, body);
      if (options.stream) return { status: 200, contentType: eventStream, body: events(body) };
      const response = writeJson(responseOf(read(body), options), goJson);
      return { status: 200, contentType: translatedType, body: `${response}\n` };
    },
    lines: (lines) => lines.map(events).join(''),
    brokenStream: ({ code, message }) => stream.failure(code, message),
  };
}

function responseOf(
  object: ChatObject,
  { id, request, nowSeconds, freshId }: ResponsesAnswerOptions,
): object {
  const now = nowSeconds();
  const createdAtSeconds = secondsOf(object.created_at) ?? now;
  const state = { id, model: request.model ?? '', createdAtSeconds, completedAtSeconds: now, usage: object };
  return responseObject({ ...state, status: 'completed', output: outputOf(object, freshId) }, request);
}

/** As in Ollama, an answer without calls has a message, also an empty one, and one with calls has none. */
function outputOf({ message }: ChatObject, freshId: () => string): readonly ResponseItem[] {
  const calls = new ToolCalls(freshId).translate(message?.tool_calls);
  return [
    ...(message?.thinking ? [reasoningItem(`rs_${freshId()}`, message.thinking)] : []),
    ...(calls?.map((call) => callItem(`fc_${freshId()}`, 'completed', call)) ?? [
      messageItem(`msg_${freshId()}`, 'completed', message?.content ?? ''),
    ]),
  ];
}
