import { goJson } from '../../go-compat/go-text.ts';
import type { RawJson } from '../../go-compat/raw-json.ts';
import { writeJson } from '../../go-compat/write-json.ts';
import { type ChatObject, isEmpty, logprobsOf, type ReadChat } from '../../translation/chat-object.ts';
import { errorText } from '../../translation/error-text.ts';
import { chatReader } from '../../translation/forced-call-answer.ts';
import { sseData } from '../../translation/server-sent-event.ts';
import { secondsOf } from '../../translation/unix-seconds.ts';
import type { ChatAnswerOptions } from './answer-options.ts';
import { openAiError } from './openai-error.ts';
import { ToolCalls } from './tool-calls.ts';
import { usageOf } from './usage.ts';

interface Delta {
  role?: string;
  content?: string;
  reasoning?: string;
  tool_calls?: readonly unknown[];
}

/** Translates the objects of one stream of `/api/chat` to chunks of `/v1/chat/completions`. */
export class ChatStream {
  readonly #options: ChatAnswerOptions;
  readonly #calls: ToolCalls;
  readonly #read: ReadChat;
  /** Text is held back, so that an object without text is not a piece of the answer. */
  readonly #holdsBack: boolean;
  #created: number | undefined;
  #hasSentFirst = false;
  #hasSentToolCall = false;

  constructor(options: ChatAnswerOptions) {
    this.#options = options;
    this.#calls = new ToolCalls(options.freshId);
    this.#read = chatReader(options.forced);
    this.#holdsBack = options.forced !== undefined;
  }

  /** The events for one line of Ollama. */
  frames(line: string): string {
    const object = this.#read(line);
    if (object.error !== undefined) return sseData(openAiError(500, errorText(line)));
    this.#created ??= secondsOf(object.created_at) ?? this.#options.nowSeconds;
    const isMetricsOnly = this.#hasSentFirst && isEmpty(object) && (object.done === true || this.#holdsBack);
    const frames = isMetricsOnly ? '' : this.#chunks(object);
    return object.done === true ? frames + this.#finish(object) : frames;
  }

  #chunks(object: ChatObject): string {
    let frames = '';
    for (const { delta, logprobs } of this.#deltasOf(object)) {
      if (delta.tool_calls !== undefined) this.#hasSentToolCall = true;
      const choice = {
        index: 0,
        delta,
        finish_reason: null,
        ...(logprobs && { logprobs: { content: logprobs } }),
      };
      const chunk = this.#envelope(object, [choice]);
      // Raw text is already escaped, by the host's Go.
      frames += sseData(logprobs === undefined ? goJson(chunk) : writeJson(chunk, goJson));
    }
    this.#hasSentFirst = true;
    return frames;
  }

  #finish(object: ChatObject): string {
    const reason = object.done_reason || 'stop';
    const finish = reason === 'stop' && this.#hasSentToolCall ? 'tool_calls' : reason;
    const choice = { index: 0, delta: {}, finish_reason: finish };
    let frames = sseData(goJson(this.#envelope(object, [choice])));
    if (this.#options.includeUsage)
      frames += sseData(goJson({ ...this.#envelope(object, []), usage: usageOf(object) }));
    return `${frames}data: [DONE]\n\n`;
  }

  #envelope(object: ChatObject, choices: readonly unknown[]): Record<string, unknown> {
    return {
      id: this.#options.id,
      object: 'chat.completion.chunk',
      created: this.#created ?? this.#options.nowSeconds,
      model: object.model ?? '',
      system_fingerprint: 'fp_ollama',
      choices,
    };
  }

  /** Thinking together with text or tool calls becomes a delta of its own, so that clients do not mix them up. */
  #deltasOf(object: ChatObject): readonly { delta: Delta; logprobs: RawJson | undefined }[] {
    const role = this.#hasSentFirst ? {} : { role: 'assistant' };
    const content = object.message?.content ?? '';
    const thinking = object.message?.thinking ?? '';
    const toolCalls = this.#calls.translate(object.message?.tool_calls);
    const tools = toolCalls ? { tool_calls: toolCalls } : {};
    const logprobs = logprobsOf(object);
    if (thinking === '') return [{ delta: { ...role, content, ...tools }, logprobs }];
    if (content === '' && !toolCalls) return [{ delta: { ...role, content, reasoning: thinking }, logprobs }];
    return [
      { delta: { ...role, reasoning: thinking }, logprobs },
      { delta: { content, ...tools }, logprobs: undefined },
    ];
  }
}
