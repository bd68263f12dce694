import { goJson } from '../../go-compat/go-text.ts';
import { writeJson } from '../../go-compat/write-json.ts';
import type { AnswerFormat } from '../../inference/answer-format.ts';
import { logprobsOf } from '../../translation/chat-object.ts';
import { chatReader } from '../../translation/forced-call-answer.ts';
import { secondsOf } from '../../translation/unix-seconds.ts';
import type { ChatAnswerOptions } from './answer-options.ts';
import { ChatStream } from './chat-stream.ts';
import { brokenStreamFrame, translatedType, upstreamErrorReply } from './openai-error.ts';
import { ToolCalls } from './tool-calls.ts';
import { usageOf } from './usage.ts';

/**
 * Translates answers of Ollama's `/api/chat` to `/v1/chat/completions` as Ollama's own layer does: the role only in the
 * first delta, the last object (metrics only) as a finish chunk with an empty delta, thinking as `reasoning`, and
 * `[DONE]` at the end. One difference: an error inside the stream is sent as an error (Ollama sends an empty delta and
 * ends).
 */
export function chatAnswer(options: ChatAnswerOptions): AnswerFormat {
  const stream = new ChatStream(options);
  return {
    streamType: 'text/event-stream',
    whole: (head, body) => {
      if (head.status !== 200) return upstreamErrorReply(head, body);
      if (options.stream) return { status: 200, contentType: 'text/event-stream', body: stream.frames(body) };
      const completion = writeJson(completionOf(body, options), goJson);
      return { status: 200, contentType: translatedType, body: `${completion}\n` };
    },
    lines: (lines) => lines.map((line) => stream.frames(line)).join(''),
    brokenStream: brokenStreamFrame,
  };
}

function completionOf(body: string, options: ChatAnswerOptions): Record<string, unknown> {
  const object = chatReader(options.forced, true)(body);
  const { message } = object;
  const toolCalls = new ToolCalls(options.freshId).translate(message?.tool_calls);
  const reason = object.done_reason === 'stop' && toolCalls ? 'tool_calls' : object.done_reason;
  const logprobs = logprobsOf(object);
  const choice = {
    index: 0,
    message: {
      role: message?.role ?? '',
      content: message?.content ?? '',
      ...(message?.thinking && { reasoning: message.thinking }),
      ...(toolCalls && { tool_calls: toolCalls }),
    },
    finish_reason: reason || null,
    ...(logprobs && { logprobs: { content: logprobs } }),
  };
  return {
    id: options.id,
    object: 'chat.completion',
    created: secondsOf(object.created_at) ?? options.nowSeconds,
    model: object.model ?? '',
    system_fingerprint: 'fp_ollama',
    choices: [choice],
    usage: usageOf(object),
    ...(object['_debug_info'] !== undefined && { _debug_info: object['_debug_info'] }),
  };
}
