import type { AdminStep } from '@drover/fleet';
import { goJson } from '../../go-compat/go-text.ts';
import type { Exchange } from '../../http/exchange.ts';

type Line = AdminStep | { readonly error: string };

/** A silent stream repeats its last line after this time, so that nobody on the way takes it for dead. */
const repeatMs = 15_000;

/**
 * Writes lines of progress, and repeats the last one in a long silence. While the socket is full, only the newest line
 * of each layer waits.
 */
export class LineWriter {
  readonly #exchange: Exchange;
  readonly #clock: { now(): number };
  /** By digest, else by text. */
  readonly #waiting = new Map<string, string>();
  #last = '';
  #writtenAtMs = 0;
  #isFull = false;

  constructor(exchange: Exchange, clock: { now(): number }) {
    this.#exchange = exchange;
    this.#clock = clock;
  }

  write(line: Line): void {
    if (!this.#exchange.isStarted) this.#exchange.begin(200, 'application/x-ndjson');
    this.#last = `${goJson(line)}\n`;
    const key = 'error' in line ? 'error' : (line.digest ?? line.status);
    this.#waiting.delete(key);
    this.#waiting.set(key, this.#last);
    this.#flush();
  }

  keepAlive(): void {
    if (this.#last === '' || this.#isFull || this.#clock.now() - this.#writtenAtMs < repeatMs) return;
    this.#waiting.set('', this.#last);
    this.#flush();
  }

  end(): void {
    this.#isFull = false;
    this.#flush();
    this.#exchange.end();
  }

  #flush(): void {
    if (this.#isFull || this.#waiting.size === 0) return;
    const text = [...this.#waiting.values()].join('');
    this.#waiting.clear();
    this.#writtenAtMs = this.#clock.now();
    if (this.#exchange.write(text)) return;
    this.#isFull = true;
    void this.#flushWhenDrained();
  }

  async #flushWhenDrained(): Promise<void> {
    await this.#exchange.drained();
    this.#isFull = false;
    this.#flush();
  }
}
