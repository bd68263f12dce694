import type { Exchange } from '../http/exchange.ts';
import { SSE } from '../http/reply.ts';

/** End of a complete stream. */
export const DONE = 'data: [DONE]\n\n';

/** Server-sent events of the OpenAI routes: the events for one native line are one HTTP chunk. */
export class SseStream {
  readonly #exchange: Exchange;
  #garbleNext = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** False when the client reads too slowly. */
  send(events: string): boolean {
    this.#exchange.begin(200, SSE);
    if (!this.#garbleNext) return this.#exchange.chunk(events);
    this.#garbleNext = false;
    return this.#exchange.chunk(`${events.slice(0, events.length / 2)}\n\n`);
  }

  garble(): void {
    this.#garbleNext = true;
  }

  get garbled(): boolean {
    return this.#garbleNext;
  }

  end(): void {
    this.#exchange.begin(200, SSE);
    this.#exchange.end();
  }
}

export function event(json: string): string {
  return `data: ${json}\n\n`;
}

/** Ids can repeat, as on a real server, which has only 999 of them. */
export function shortId(prefix: string): string {
  return `${prefix}-${Math.floor(Math.random() * 999)}`;
}

/** Counts of an answer; all 0 without the last object. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export function usageOf(promptTokens: number, completionTokens: number): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}
