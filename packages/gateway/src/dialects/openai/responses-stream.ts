import { goJson } from '../../go-compat/go-text.ts';
import { writeJson } from '../../go-compat/write-json.ts';
import type { ChatObject } from '../../translation/chat-object.ts';
import { sseEvent } from '../../translation/server-sent-event.ts';
import {
  callItem,
  messageItem,
  reasoningItem,
  type ResponseItem,
  summaryPart,
  textPart,
} from './response-item.ts';
import { responseObject, type ResponseState } from './response-object.ts';
import type { ResponsesFields } from './responses-request.ts';
import { ToolCalls, type TranslatedCall } from './tool-calls.ts';

export interface ResponsesOptions {
  /** Id of the answer: `resp_…`. */
  readonly id: string;
  readonly request: ResponsesFields;
  readonly nowSeconds: () => number;
  /** Returns random letters and digits, for the ids of items and of tool calls without an id. */
  readonly freshId: () => string;
}

/** The item that is being written. */
interface OpenItem {
  readonly kind: 'reasoning' | 'message';
  readonly id: string;
  readonly texts: string[];
}

/**
 * Translates the objects of one stream of `/api/chat` to the events of `/v1/responses`. Text and reasoning arrive in
 * items that stay open while objects of their kind arrive; a tool call is one whole item.
 */
export class ResponsesStream {
  readonly #options: ResponsesOptions;
  readonly #calls: ToolCalls;
  readonly #output: ResponseItem[] = [];
  readonly #createdAtSeconds: number;
  #open: OpenItem | undefined;
  #sequence = 0;

  constructor(options: ResponsesOptions) {
    this.#options = options;
    this.#calls = new ToolCalls(options.freshId);
    this.#createdAtSeconds = options.nowSeconds();
  }

  /** The events for one object of Ollama. */
  events(object: ChatObject): string {
    const { message } = object;
    let events = this.#begin();
    if (message?.thinking) events += this.#thinking(message.thinking);
    if (message?.content) events += this.#text(message.content);
    for (const call of this.#calls.translate(message?.tool_calls) ?? []) events += this.#call(call);
    return object.done === true ? events + this.#finish(object) : events;
  }

  /** The last events of a stream that failed: the openai clients throw on the second one. */
  failure(code: string, message: string): string {
    const error = { code, message };
    const events =
      this.#begin() + this.#event('response.failed', { response: this.#response('failed', { error }) });
    return (
      events +
      this.#event('error', { ...error, param: null, error: { type: 'api_error', ...error, param: null } })
    );
  }

  #begin(): string {
    if (this.#sequence > 0) return '';
    const response = this.#response('in_progress');
    return this.#event('response.created', { response }) + this.#event('response.in_progress', { response });
  }

  #thinking(delta: string): string {
    const { opened, item } = this.#openItem('reasoning');
    item.texts.push(delta);
    const place = { item_id: item.id, output_index: this.#output.length, summary_index: 0 };
    return opened + this.#event('response.reasoning_summary_text.delta', { ...place, delta });
  }

  #text(delta: string): string {
    const { opened, item } = this.#openItem('message');
    item.texts.push(delta);
    const place = { item_id: item.id, output_index: this.#output.length, content_index: 0 };
    return opened + this.#event('response.output_text.delta', { ...place, delta, logprobs: [] });
  }

  #openItem(kind: OpenItem['kind']): { readonly opened: string; readonly item: OpenItem } {
    if (this.#open?.kind === kind) return { opened: '', item: this.#open };
    const before = this.#close();
    const prefix = kind === 'reasoning' ? 'rs' : 'msg';
    const item: OpenItem = { kind, id: `${prefix}_${this.#options.freshId()}`, texts: [] };
    this.#open = item;
    const output_index = this.#output.length;
    if (kind === 'message') {
      const place = { item_id: item.id, output_index, content_index: 0 };
      const added = { output_index, item: messageItem(item.id, 'in_progress') };
      const opened =
        before +
        this.#event('response.output_item.added', added) +
        this.#event('response.content_part.added', { ...place, part: textPart('') });
      return { opened, item };
    }
    const place = { item_id: item.id, output_index, summary_index: 0 };
    const added = { output_index, item: { id: item.id, type: 'reasoning', summary: [] } };
    const opened =
      before +
      this.#event('response.output_item.added', added) +
      this.#event('response.reasoning_summary_part.added', { ...place, part: summaryPart('') });
    return { opened, item };
  }

  #close(): string {
    const open = this.#open;
    if (open === undefined) return '';
    this.#open = undefined;
    const text = open.texts.join('');
    const output_index = this.#output.length;
    const place = { item_id: open.id, output_index };
    if (open.kind === 'message') {
      const at = { ...place, content_index: 0 };
      return (
        this.#event('response.output_text.done', { ...at, text, logprobs: [] }) +
        this.#event('response.content_part.done', { ...at, part: textPart(text) }) +
        this.#done(messageItem(open.id, 'completed', text))
      );
    }
    const at = { ...place, summary_index: 0 };
    return (
      this.#event('response.reasoning_summary_text.done', { ...at, text }) +
      this.#event('response.reasoning_summary_part.done', { ...at, part: summaryPart(text) }) +
      this.#done(reasoningItem(open.id, text))
    );
  }

  #call(call: TranslatedCall): string {
    const before = this.#close();
    const id = `fc_${this.#options.freshId()}`;
    const output_index = this.#output.length;
    const place = { item_id: id, output_index };
    const { name, arguments: args } = call.function;
    return (
      before +
      this.#event('response.output_item.added', { output_index, item: callItem(id, 'in_progress', call) }) +
      this.#event('response.function_call_arguments.delta', { ...place, delta: args }) +
      this.#event('response.function_call_arguments.done', { ...place, name, arguments: args }) +
      this.#done(callItem(id, 'completed', call))
    );
  }

  #done(item: ResponseItem): string {
    const output_index = this.#output.length;
    this.#output.push(item);
    return this.#event('response.output_item.done', { output_index, item });
  }

  #finish(object: ChatObject): string {
    const before = this.#close();
    const completedAtSeconds = this.#options.nowSeconds();
    const response = this.#response('completed', { usage: object, completedAtSeconds });
    return before + this.#event('response.completed', { response });
  }

  #response(status: ResponseState['status'], changes: Partial<ResponseState> = {}): object {
    const { id, request } = this.#options;
    const state = { id, model: request.model ?? '', status, createdAtSeconds: this.#createdAtSeconds };
    return responseObject({ ...state, output: [...this.#output], ...changes }, request);
  }

  #event(type: string, fields: object): string {
    return sseEvent(type, writeJson({ type, ...fields, sequence_number: this.#sequence++ }, goJson));
  }
}
