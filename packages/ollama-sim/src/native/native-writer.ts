import type { Clock } from '../clock.ts';
import type { OllamaError } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { NDJSON, sendJson, sendNativeError } from '../http/reply.ts';
import type { AnswerEnd, AnswerStats, AnswerWriter, IdentifiedToolCall } from '../inference/answer.ts';
import type { Call } from '../inference/call.ts';
import { Collector } from '../inference/collector.ts';
import { logprobOf } from '../inference/logprobs.ts';
import type { Piece } from '../runner/job.ts';
import { goJson, goString, goTime, nanos } from '../wire/go-text.ts';

/**
 * Writes answers of `/api/chat` and `/api/generate`: one JSON object, or one object and HTTP chunk for each token.
 * The parts that are equal in all lines are prepared once, because there is a line for each token.
 */
export class NativeWriter implements AnswerWriter {
  readonly #exchange: Exchange;
  readonly #call: Call;
  readonly #clock: Clock;
  readonly #collected = new Collector();
  readonly #prefix: string;
  readonly #contentPrefix: string;
  readonly #contentSuffix: string;
  readonly #thinkingPrefix: string;
  #garbleNext = false;

  constructor(exchange: Exchange, call: Call, clock: Clock) {
    this.#exchange = exchange;
    this.#call = call;
    this.#clock = clock;
    const chat = call.kind === 'chat';
    this.#prefix = `{"model":${goString(call.modelName)},"created_at":"`;
    this.#contentPrefix = chat ? '","message":{"role":"assistant","content":' : '","response":';
    this.#thinkingPrefix = chat
      ? '","message":{"role":"assistant","content":"","thinking":'
      : '","response":"","thinking":';
    this.#contentSuffix = chat ? '},"done":false' : ',"done":false';
  }

  pieces(pieces: readonly Piece[]): boolean {
    if (!this.#call.stream) {
      this.#collected.add(pieces);
      return true;
    }
    this.#exchange.begin(200, NDJSON);
    const time = goTime(this.#clock.wallMs());
    let more = true;
    for (const piece of pieces) more = this.#line(this.#pieceLine(piece, time));
    return more;
  }

  end(end: AnswerEnd): void {
    const { kind, stream } = this.#call;
    const streams = stream && end.stats !== null;
    if (streams) {
      this.#exchange.begin(200, NDJSON);
      if (end.toolCall && end.toolCallApart) {
        const time = goTime(this.#clock.wallMs());
        this.#line(
          `${this.#prefix}${time}","message":${goJson(messageOf('', '', end.toolCall))},"done":false}\n`,
        );
      }
    }
    const call = streams && end.toolCallApart ? null : end.toolCall;
    const { content, thinking, tokens } = this.#collected;
    const logprobs = this.#call.logprobs && !streams ? { logprobs: this.#logprobs(tokens) } : {};
    const said =
      kind === 'chat' ? { message: messageOf(content, thinking, call) } : saidBy(content, thinking);
    const body = {
      model: this.#call.modelName,
      created_at: goTime(this.#clock.wallMs()),
      ...said,
      done: true,
      done_reason: end.reason,
      ...(end.context && end.stats ? { context: end.context } : {}),
      // Ollama writes the logprobs before the counts in chat, and after them in generate.
      ...(kind === 'chat' ? logprobs : {}),
      ...statsOf(end.stats),
      ...(kind === 'chat' ? {} : logprobs),
    };
    if (stream && end.stats !== null) {
      this.#line(`${goJson(body)}\n`);
      this.#exchange.end();
    } else this.#sendWhole(body);
  }

  broken(): void {
    const { content, thinking } = this.#collected;
    if (this.#call.stream) {
      this.#exchange.begin(200, NDJSON);
      return this.#exchange.end();
    }
    const said =
      this.#call.kind === 'chat'
        ? { message: messageOf(content, thinking, null) }
        : saidBy(content, thinking);
    this.#sendWhole({ ...this.#head(), ...said, done: false });
  }

  error(error: OllamaError): void {
    if (!this.#exchange.begun) return sendNativeError(this.#exchange, error, this.#call.stream);
    this.#line(`${goJson({ error: error.message })}\n`);
    this.#exchange.end();
  }

  garble(): void {
    this.#garbleNext = true;
  }

  rendered(prompt: string): void {
    const empty = this.#call.kind === 'chat' ? { message: { role: '', content: '' } } : { response: '' };
    sendJson(this.#exchange, {
      ...this.#head(),
      ...empty,
      done: false,
      _debug_info: { rendered_template: prompt },
    });
  }

  #head(): { model: string; created_at: string } {
    return { model: this.#call.modelName, created_at: goTime(this.#clock.wallMs()) };
  }

  #pieceLine(piece: Piece, time: string): string {
    const opening = piece.channel === 'thinking' ? this.#thinkingPrefix : this.#contentPrefix;
    const logprobs = this.#call.logprobs ? `,"logprobs":${goJson(this.#logprobs(piece.tokens))}` : '';
    return `${this.#prefix}${time}${opening}${goString(piece.text)}${this.#contentSuffix}${logprobs}}\n`;
  }

  #line(line: string): boolean {
    if (!this.#garbleNext) return this.#exchange.chunk(line);
    this.#garbleNext = false;
    return this.#exchange.chunk(`${line.slice(0, line.length / 2)}\n`);
  }

  #sendWhole(body: object): void {
    const json = goJson(body);
    // A stream that only loads is one line, but framed as a complete body.
    const type = 'application/json; charset=utf-8';
    this.#exchange.send(200, type, this.#garbleNext ? json.slice(0, json.length / 2) : json);
  }

  #logprobs(tokens: readonly string[]): object[] {
    return tokens.map((token) => logprobOf(token, this.#call.topLogprobs));
  }
}

function messageOf(content: string, thinking: string, call: IdentifiedToolCall | null): object {
  return {
    role: 'assistant',
    content,
    ...(thinking === '' ? {} : { thinking }),
    ...(call
      ? { tool_calls: [{ id: call.id, function: { index: 0, name: call.name, arguments: call.arguments } }] }
      : {}),
  };
}

function saidBy(response: string, thinking: string): object {
  return { response, ...(thinking === '' ? {} : { thinking }) };
}

/** Durations in nanoseconds; loads and unloads have none. */
function statsOf(stats: AnswerStats | null): object {
  if (!stats) return {};
  return {
    total_duration: nanos(stats.totalMs),
    load_duration: nanos(stats.loadMs),
    prompt_eval_count: stats.promptTokens,
    prompt_eval_duration: nanos(stats.promptMs),
    eval_count: stats.evalTokens,
    eval_duration: nanos(stats.evalMs),
  };
}
