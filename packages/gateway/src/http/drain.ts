import type { Clock } from '@drover/actor-core';
import type { RequestFailure } from '../errors.ts';
import type { Exchange } from './exchange.ts';

/** Time that an interrupted request has to answer its client before its connection is dropped. */
const interruptedMs = 1_000;

/** The exchanges that are open, and the orderly end of all of them when the gateway stops. */
export class Drain {
  readonly #clock: Clock;
  readonly #open = new Set<Exchange>();
  #isDraining = false;
  #onEmpty: (() => void) | undefined;
  readonly #beginListeners = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True from `begin` on: new requests are refused. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Adds an exchange, which is removed when it is closed. */
  add(exchange: Exchange): void {
    this.#open.add(exchange);
    void exchange.closed.then(() => this.#remove(exchange));
  }

  begin(): void {
    this.#isDraining = true;
    for (const listener of this.#beginListeners) listener();
    this.#beginListeners.clear();
  }

  /**
   * Calls `listener` when the gateway begins to stop, or at once if it has: for streams that have no end of their own.
   * Returns a function that removes the listener.
   */
  onBegin(listener: () => void): () => void {
    if (this.#isDraining) listener();
    else this.#beginListeners.add(listener);
    return () => void this.#beginListeners.delete(listener);
  }

  /**
   * Resolves when no exchange is open. Exchanges that are still open after `withinMs` are interrupted with `failure`.
   */
  async settle(withinMs: number, failure: RequestFailure): Promise<void> {
    if (this.#open.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    const interrupting = this.#clock.setTimer(withinMs, () => {
      for (const exchange of this.#open) exchange.interrupt(failure);
    });
    const dropping = this.#clock.setTimer(withinMs + interruptedMs, () => {
      for (const exchange of this.#open) exchange.destroy();
    });
    await empty;
    interrupting.cancel();
    dropping.cancel();
  }

  #remove(exchange: Exchange): void {
    this.#open.delete(exchange);
    if (this.#open.size === 0) this.#onEmpty?.();
  }
}
