import type { Clock } from '../clock.ts';
import type { OllamaError } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { JSON_PLAIN, sendOpenAiError } from '../http/reply.ts';
import type { AnswerEnd, AnswerWriter, IdentifiedToolCall } from '../inference/answer.ts';
import type { ChatCall } from '../inference/call.ts';
import { Collector } from '../inference/collector.ts';
import { logprobOf } from '../inference/logprobs.ts';
import type { Piece } from '../runner/job.ts';
import { goJson, goString } from '../wire/go-text.ts';
import type { OpenAiRequest } from './openai-request.ts';
import { DONE, event, shortId, SseStream, usageOf } from './sse.ts';

/** Writes answers of `/v1/chat/completions`. */
export class OpenAiChatWriter implements AnswerWriter {
  readonly #exchange: Exchange;
  readonly #call: ChatCall;
  readonly #includeUsage: boolean;
  readonly #sse: SseStream;
  readonly #collected = new Collector();
  readonly #id = shortId('chatcmpl');
  readonly #created: number;
  readonly #head: string;
  #roleSent = false;

  constructor(exchange: Exchange, request: OpenAiRequest<ChatCall>, clock: Clock) {
    this.#exchange = exchange;
    this.#call = request.call;
    this.#includeUsage = request.includeUsage;
    this.#sse = new SseStream(exchange);
    this.#created = Math.floor(clock.wallMs() / 1000);
    this.#head = this.#headFor(this.#call.modelName);
  }

  pieces(pieces: readonly Piece[]): boolean {
    if (!this.#call.stream) {
      this.#collected.add(pieces);
      return true;
    }
    let more = true;
    for (const piece of pieces) {
      const said =
        piece.channel === 'thinking'
          ? `"content":"","reasoning":${goString(piece.text)}`
          : `"content":${goString(piece.text)}`;
      const logprobs = this.#call.logprobs
        ? `,"logprobs":${goJson({ content: this.#logprobs(piece.tokens) })}`
        : '';
      more = this.#sse.send(event(`${this.#head}${this.#delta(said)},"finish_reason":null${logprobs}}]}`));
    }
    return more;
  }

  end(end: AnswerEnd): void {
    const finish = end.toolCall ? 'tool_calls' : end.reason;
    if (!this.#call.stream) return this.#sendWhole(finish, end);
    const call = end.toolCall
      ? event(
          `${this.#head}${this.#delta(`"content":"",${toolCallsText(end.toolCall)}`)},"finish_reason":null}]}`,
        )
      : '';
    const last = event(`${this.#head}"delta":{},"finish_reason":"${finish}"}]}`);
    const usage = this.#includeUsage ? event(`${this.#usageHead()}${goJson(usageFrom(end))}}`) : '';
    if (call !== '' && end.toolCallApart) {
      this.#sse.send(call);
      this.#sse.send(last + usage + DONE);
    } else this.#sse.send(call + last + usage + DONE);
    this.#sse.end();
  }

  broken(): void {
    if (this.#call.stream) return this.#sse.end();
    this.#sendWhole(null, null);
  }

  /** As in Ollama, the error text is lost within a stream: an empty chunk without a model, then a regular end. */
  error(error: OllamaError): void {
    if (!this.#exchange.begun) return sendOpenAiError(this.#exchange, error, this.#call.stream);
    this.#sse.send(event(`${this.#headFor('')}${this.#delta('"content":""')},"finish_reason":null}]}`));
    this.#sse.end();
  }

  garble(): void {
    this.#sse.garble();
  }

  rendered(prompt: string): void {
    const body = { ...this.#body(null, ''), _debug_info: { rendered_template: prompt } };
    this.#exchange.send(200, JSON_PLAIN, `${goJson(body)}\n`);
  }

  #headFor(model: string): string {
    return `{"id":"${this.#id}","object":"chat.completion.chunk","created":${this.#created},"model":${goString(model)},"system_fingerprint":"fp_ollama","choices":[{"index":0,`;
  }

  #usageHead(): string {
    return this.#head.replace(/"choices":\[\{"index":0,$/, '"choices":[],"usage":');
  }

  #delta(said: string): string {
    const role = this.#roleSent ? '' : '"role":"assistant",';
    this.#roleSent = true;
    return `"delta":{${role}${said}}`;
  }

  #sendWhole(finish: string | null, end: AnswerEnd | null): void {
    const body = {
      ...this.#body(finish, this.#collected.content, end),
      usage: end ? usageFrom(end) : usageOf(0, 0),
    };
    const json = `${goJson(body)}\n`;
    this.#exchange.send(200, JSON_PLAIN, this.#sse.garbled ? json.slice(0, json.length / 2) : json);
  }

  #body(finish: string | null, content: string, end: AnswerEnd | null = null): object {
    const { thinking, tokens } = this.#collected;
    const message = {
      role: 'assistant',
      content,
      ...(thinking === '' ? {} : { reasoning: thinking }),
      ...(end?.toolCall ? { tool_calls: [toolCallOf(end.toolCall)] } : {}),
    };
    const logprobs = this.#call.logprobs ? { logprobs: { content: this.#logprobs(tokens) } } : {};
    return {
      id: this.#id,
      object: 'chat.completion',
      created: this.#created,
      model: this.#call.modelName,
      system_fingerprint: 'fp_ollama',
      choices: [{ index: 0, message, finish_reason: finish, ...logprobs }],
    };
  }

  #logprobs(tokens: readonly string[]): object[] {
    return tokens.map((token) => logprobOf(token, this.#call.topLogprobs));
  }
}

function usageFrom(end: AnswerEnd): object {
  return usageOf(end.stats?.promptTokens ?? 0, end.stats?.evalTokens ?? 0);
}

function toolCallOf(call: IdentifiedToolCall): object {
  const spelled = { name: call.name, arguments: goJson(call.arguments) };
  return { id: call.id, index: 0, type: 'function', function: spelled };
}

function toolCallsText(call: IdentifiedToolCall): string {
  return `"tool_calls":${goJson([toolCallOf(call)])}`;
}
