import { goJson } from '../../go-compat/go-text.ts';
import type { ChatObject } from '../../translation/chat-object.ts';
import { sseEvent } from '../../translation/server-sent-event.ts';
import { type AnswerPart, partsOf, stopReason } from './content-blocks.ts';

export interface MessageOptions {
  /** Id of the answer: `msg_…`. */
  readonly id: string;
  /** Name of the model as the client wrote it. */
  readonly model: string;
  /** Guess of the size of the prompt, for the first event of a stream: the true size comes with the last one. */
  readonly estimatedTokens: number;
  /** Returns random letters and digits, for a tool call without an id. */
  readonly freshId: () => string;
}

/**
 * Translates the objects of one stream of `/api/chat` to the events of `/v1/messages`. Text and thinking arrive in
 * blocks that stay open while objects of their kind arrive; a tool call is one whole block.
 */
export class MessageStream {
  readonly #options: MessageOptions;
  #hasBegun = false;
  #hasToolCalls = false;
  /** Kind of the open block. */
  #open: 'thinking' | 'text' | undefined;
  /** Index of the open block, or of the next one. */
  #index = 0;

  constructor(options: MessageOptions) {
    this.#options = options;
  }

  /** The events for one object of Ollama. */
  events(object: ChatObject): string {
    let events = this.#hasBegun ? '' : this.#begin(object);
    for (const part of partsOf(object, this.#options.freshId)) events += this.#part(part);
    return object.done === true ? events + this.#finish(object) : events;
  }

  #begin({ prompt_eval_count: tokens }: ChatObject): string {
    this.#hasBegun = true;
    const { id, model, estimatedTokens } = this.#options;
    const usage = { input_tokens: tokens || estimatedTokens, output_tokens: 0 };
    const message = { id, type: 'message', role: 'assistant', model, content: [], usage };
    return event('message_start', { message });
  }

  #part(part: AnswerPart): string {
    if (part.kind === 'tool_use') return this.#toolUse(part);
    const delta =
      part.kind === 'text'
        ? { type: 'text_delta', text: part.text }
        : { type: 'thinking_delta', thinking: part.text };
    return this.#reopen(part.kind) + event('content_block_delta', { index: this.#index, delta });
  }

  #reopen(kind: 'thinking' | 'text'): string {
    if (this.#open === kind) return '';
    const events = this.#close();
    this.#open = kind;
    const content_block = kind === 'text' ? { type: 'text', text: '' } : { type: 'thinking', thinking: '' };
    return events + event('content_block_start', { index: this.#index, content_block });
  }

  #close(): string {
    if (this.#open === undefined) return '';
    this.#open = undefined;
    return event('content_block_stop', { index: this.#index++ });
  }

  #toolUse({ id, name, input }: AnswerPart & { kind: 'tool_use' }): string {
    const before = this.#close();
    this.#hasToolCalls = true;
    const index = this.#index++;
    const content_block = { type: 'tool_use', id, name, input: {} };
    const delta = { type: 'input_json_delta', partial_json: input.decoded };
    return (
      before +
      event('content_block_start', { index, content_block }) +
      event('content_block_delta', { index, delta }) +
      event('content_block_stop', { index })
    );
  }

  #finish(object: ChatObject): string {
    const delta = { stop_reason: stopReason(object, this.#hasToolCalls) };
    const usage = {
      input_tokens: object.prompt_eval_count ?? 0,
      output_tokens: object.eval_count ?? 0,
    };
    return this.#close() + event('message_delta', { delta, usage }) + event('message_stop', {});
  }
}

function event(type: string, fields: object): string {
  return sseEvent(type, goJson({ type, ...fields }));
}
