import type { Clock, Logger } from '@drover/actor-core';
import type { UsageLedger } from './usage-ledger.ts';
import { dayOf, hourMs, hoursOfDay, type UsageStore } from './usage-store.ts';

export interface BudgetsOptions {
  readonly ledger: Pick<UsageLedger, 'run' | 'tokensOf'>;
  readonly store: Pick<UsageStore, 'day'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Budgets of one key. */
export interface Budget {
  readonly tokensPerDay?: number | undefined;
  readonly tokensPerMonth?: number | undefined;
}

/** A budget that is spent. */
export interface SpentBudget {
  readonly period: 'day' | 'month';
  readonly limit: number;
  /** Time until the next period begins. */
  readonly endsInMs: number;
}

const dayMs = hoursOfDay * hourMs;
/** Time between two reads of what the other gateways counted, while keys with budgets send requests. */
const refreshMs = 5_000;

/**
 * What keys used of their budgets, by the usage that all gateways have written: that of this gateway counts at once,
 * that of the others after 10 s at most. Days and months are those of UTC.
 */
export class Budgets {
  readonly #options: BudgetsOptions;
  /** By day, what the others counted for each key. */
  readonly #days = new Map<number, ReadonlyMap<string, number>>();
  #refreshedAtMs = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;

  constructor(options: BudgetsOptions) {
    this.#options = options;
  }

  /** The budget of a key that is spent; undefined where none is. Waits for the first read of the usage only. */
  async spent(keyId: string, { tokensPerDay, tokensPerMonth }: Budget): Promise<SpentBudget | undefined> {
    const { clock } = this.#options;
    const isFirst = !Number.isFinite(this.#refreshedAtMs);
    const refreshed = this.#refresh();
    if (isFirst) await refreshed;
    const nowMs = clock.wallNow();
    const { first, today, nextMs } = monthOf(nowMs);
    if (tokensPerDay !== undefined && this.#used(keyId, today, today) >= tokensPerDay)
      return { period: 'day', limit: tokensPerDay, endsInMs: (today + 1) * dayMs - nowMs };
    if (tokensPerMonth !== undefined && this.#used(keyId, first, today) >= tokensPerMonth)
      return { period: 'month', limit: tokensPerMonth, endsInMs: nextMs - nowMs };
    return undefined;
  }

  #used(keyId: string, from: number, to: number): number {
    let sum = 0;
    for (let day = from; day <= to; day++)
      sum += (this.#days.get(day)?.get(keyId) ?? 0) + this.#options.ledger.tokensOf(keyId, day);
    return sum;
  }

  /** Reads what the others counted, unless that was done of late. Never throws. */
  async #refresh(): Promise<void> {
    const { clock } = this.#options;
    if (clock.now() - this.#refreshedAtMs < refreshMs) return;
    this.#refreshing ??= this.#read().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  async #read(): Promise<void> {
    const { clock, log } = this.#options;
    const startedAtMs = clock.now();
    const { first, today } = monthOf(clock.wallNow());
    for (const day of this.#days.keys()) if (day < first) this.#days.delete(day);
    try {
      // Days before yesterday do not change any more.
      for (let day = first; day <= today; day++)
        if (day >= today - 1 || !this.#days.has(day)) this.#days.set(day, await this.#readDay(day));
    } catch (err) {
      log.debug({ err }, 'the usage of other gateways cannot be read: what is known goes on to count');
    }
    this.#refreshedAtMs = startedAtMs;
  }

  async #readDay(day: number): Promise<ReadonlyMap<string, number>> {
    const { store, ledger } = this.#options;
    const keys = new Map<string, number>();
    for await (const { run, rows } of store.day(day)) {
      if (run === ledger.run) continue;
      for (const { keyId, promptTokens, outputTokens } of rows)
        keys.set(keyId, (keys.get(keyId) ?? 0) + promptTokens + outputTokens);
    }
    return keys;
  }
}

/** The first day of the month, this day, and the instant at which the next month begins. */
function monthOf(wallMs: number): {
  readonly first: number;
  readonly today: number;
  readonly nextMs: number;
} {
  const date = new Date(wallMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return {
    first: Math.floor(Date.UTC(year, month, 1) / dayMs),
    today: dayOf(Math.floor(wallMs / hourMs)),
    nextMs: Date.UTC(year, month + 1, 1),
  };
}
