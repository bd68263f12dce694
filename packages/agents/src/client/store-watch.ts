import type { Clock } from '@drover/actor-core';
import type { StoreTroubleView } from '../agents-client.ts';
import { AgentsError } from '../errors.ts';

/** Age above which the next call renews the evidence in the background. */
const freshMs = 1_000;
const storeCodes: ReadonlySet<string> = new Set(['store-full', 'store-missing', 'store-unavailable']);

/** Last known state of the leader's store, renewed by one request at a time. Callers never wait. */
export class StoreWatch {
  readonly #clock: Clock;
  readonly #ask: () => Promise<unknown>;
  #known: { readonly trouble: AgentsError | undefined; readonly atMs: number } | undefined;
  #isAsking = false;

  constructor(clock: Clock, ask: () => Promise<unknown>) {
    this.#clock = clock;
    this.#ask = ask;
  }

  trouble(): StoreTroubleView | undefined {
    const nowMs = this.#clock.now();
    if (this.#known === undefined || nowMs - this.#known.atMs > freshMs) void this.#renew();
    const { trouble, atMs = 0 } = this.#known ?? {};
    if (trouble === undefined) return undefined;
    return { code: trouble.code, message: trouble.message, evidenceAgeMs: Math.round(nowMs - atMs) };
  }

  /** Never rejects. Without an answer the last known state stays and its age grows. */
  async #renew(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      await this.#ask();
      this.#known = { trouble: undefined, atMs: this.#clock.now() };
    } catch (error) {
      if (error instanceof AgentsError && storeCodes.has(error.code))
        this.#known = { trouble: error, atMs: this.#clock.now() };
    } finally {
      this.#isAsking = false;
    }
  }
}
