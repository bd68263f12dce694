import type { Clock } from '../clock.ts';
import type { OllamaError } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { JSON_PLAIN, sendOpenAiError } from '../http/reply.ts';
import type { AnswerEnd, AnswerWriter } from '../inference/answer.ts';
import type { GenerateCall } from '../inference/call.ts';
import { Collector } from '../inference/collector.ts';
import type { Piece } from '../runner/job.ts';
import { goJson, goString } from '../wire/go-text.ts';
import type { OpenAiRequest } from './openai-request.ts';
import { DONE, event, shortId, SseStream, type Usage, usageOf } from './sse.ts';

const NO_USAGE = '"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}';

/** Writes answers of `/v1/completions`. */
export class OpenAiCompletionWriter implements AnswerWriter {
  readonly #exchange: Exchange;
  readonly #call: GenerateCall;
  readonly #includeUsage: boolean;
  readonly #sse: SseStream;
  readonly #collected = new Collector();
  readonly #head: string;

  constructor(exchange: Exchange, request: OpenAiRequest<GenerateCall>, clock: Clock) {
    this.#exchange = exchange;
    this.#call = request.call;
    this.#includeUsage = request.includeUsage;
    this.#sse = new SseStream(exchange);
    const created = Math.floor(clock.wallMs() / 1000);
    this.#head = `{"id":"${shortId('cmpl')}","object":"text_completion","created":${created},"choices":[`;
  }

  pieces(pieces: readonly Piece[]): boolean {
    if (!this.#call.stream) {
      this.#collected.add(pieces);
      return true;
    }
    let more = true;
    for (const piece of pieces) more = this.#sse.send(this.#chunk(piece.text, null, this.#call.modelName));
    return more;
  }

  end(end: AnswerEnd): void {
    if (!this.#call.stream || !end.stats) return this.#sendWhole(end.reason, usageFrom(end));
    const last = this.#chunk('', end.reason, this.#call.modelName);
    const usage = this.#includeUsage
      ? event(`${this.#head}],${this.#tail(this.#call.modelName)},"usage":${goJson(usageFrom(end))}}`)
      : '';
    this.#sse.send(last + usage + DONE);
    this.#sse.end();
  }

  broken(): void {
    if (this.#call.stream) return this.#sse.end();
    this.#sendWhole(null, usageOf(0, 0));
  }

  error(error: OllamaError): void {
    if (!this.#exchange.begun) return sendOpenAiError(this.#exchange, error, this.#call.stream);
    this.#sse.send(this.#chunk('', null, ''));
    this.#sse.end();
  }

  garble(): void {
    this.#sse.garble();
  }

  rendered(prompt: string): void {
    this.#collected.add([{ text: prompt, channel: 'content', tokens: [] }]);
    this.#sendWhole(null, usageOf(0, 0));
  }

  #chunk(text: string, finish: string | null, model: string): string {
    const choice = `{"text":${goString(text)},"index":0,"finish_reason":${finish === null ? 'null' : `"${finish}"`}}`;
    return event(`${this.#head}${choice}],${this.#tail(model)},${NO_USAGE}}`);
  }

  #tail(model: string): string {
    return `"model":${goString(model)},"system_fingerprint":"fp_ollama"`;
  }

  #sendWhole(finish: string | null, usage: Usage): void {
    const choice = { text: this.#collected.content, index: 0, finish_reason: finish };
    const json = `${this.#head}${goJson(choice)}],${this.#tail(this.#call.modelName)},"usage":${goJson(usage)}}\n`;
    this.#exchange.send(200, JSON_PLAIN, this.#sse.garbled ? json.slice(0, json.length / 2) : json);
  }
}

function usageFrom(end: AnswerEnd): Usage {
  return usageOf(end.stats?.promptTokens ?? 0, end.stats?.evalTokens ?? 0);
}
