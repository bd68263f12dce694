import type { Exchange } from '../http/exchange.ts';
import { SSE } from '../http/reply.ts';

/** End of a stream that ended well. */
export const DONE = 'data: [DONE]\n\n';

/** Server-sent events in the way of the compatible routes: what one native line becomes is one HTTP chunk. */
export class SseStream {
  readonly #exchange: Exchange;
  #garbleNext = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** False: the reader is behind. */
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

/** Ids repeat: a real server draws from 999 numbers. */
export function shortId(prefix: string): string {
  return `${prefix}-${Math.floor(Math.random() * 999)}`;
}

/** Counts of an answer; all 0 where the last object is missing. */
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
