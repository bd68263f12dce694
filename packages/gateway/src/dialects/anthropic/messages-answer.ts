import type { RequestFailure } from '../../errors.ts';
import { goJson } from '../../go-compat/go-text.ts';
import { writeJson } from '../../go-compat/write-json.ts';
import type { AnswerFormat } from '../../inference/answer-format.ts';
import type { ChatObject } from '../../translation/chat-object.ts';
import { errorText } from '../../translation/error-text.ts';
import { chatReader } from '../../translation/forced-call-answer.ts';
import { sseEvent } from '../../translation/server-sent-event.ts';
import type { ForcedCall } from '../../translation/tool-choice.ts';
import { errorEvent, translatedType, upstreamErrorReply } from './anthropic-error.ts';
import { type AnswerPart, partsOf, stopReason } from './content-blocks.ts';
import { type MessageOptions, MessageStream } from './message-stream.ts';

const eventStream = 'text/event-stream';

/** Facts of one request that its answer needs. */
export interface MessagesAnswerOptions extends MessageOptions {
  readonly stream: boolean;
  readonly requestId: string;
  readonly forced: ForcedCall | undefined;
}

/**
 * Translates answers of Ollama's `/api/chat` to `/v1/messages` as Ollama's own layer does. An error inside the stream
 * is sent as an error event (Ollama ends the stream without a word).
 */
export function messagesAnswer(options: MessagesAnswerOptions): AnswerFormat {
  const stream = new MessageStream(options);
  const read = chatReader(options.forced, !options.stream);
  const events = (line: string): string => {
    const object = read(line);
    return object.error === undefined ? stream.events(object) : errorEvent(500, errorText(line));
  };
  return {
    streamType: eventStream,
    filler: sseEvent('ping', '{"type":"ping"}'),
    whole: (head, body) => {
      if (head.status !== 200) return upstreamErrorReply(head, body, options.requestId);
      if (options.stream) return { status: 200, contentType: eventStream, body: events(body) };
      return { status: 200, contentType: translatedType, body: `${messageOf(read(body), options)}\n` };
    },
    lines: (lines) => lines.map(events).join(''),
    brokenStream: ({ status, message }: RequestFailure) => errorEvent(status, message),
  };
}

function messageOf(object: ChatObject, { id, freshId }: MessagesAnswerOptions): string {
  const parts = partsOf(object, freshId);
  const message = {
    id,
    type: 'message',
    role: 'assistant',
    model: object.model ?? '',
    content: parts.map(blockOf),
    stop_reason: stopReason(
      object,
      parts.some(({ kind }) => kind === 'tool_use'),
    ),
    usage: { input_tokens: object.prompt_eval_count ?? 0, output_tokens: object.eval_count ?? 0 },
  };
  return writeJson(message, goJson);
}

function blockOf(part: AnswerPart): object {
  switch (part.kind) {
    case 'thinking':
      return { type: 'thinking', thinking: part.text };
    case 'text':
      return { type: 'text', text: part.text };
    default:
      return { type: 'tool_use', id: part.id, name: part.name, input: part.input };
  }
}
