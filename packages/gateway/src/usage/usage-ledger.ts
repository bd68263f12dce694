import type { Clock, Logger, Timer } from '@drover/actor-core';
import { addCounts, noCounts, type UsageCounts, type UsageOf, type UsageRow } from './usage-row.ts';
import { dayOf, hourMs, pageRows, type UsageStore } from './usage-store.ts';

export interface UsageLedgerOptions {
  readonly store: Pick<UsageStore, 'put'>;
  readonly nodeId: string;
  /** Identity of this run of the gateway. */
  readonly run: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Time between two writes: what a gateway that ends without a stop loses. */
const flushMs = 5_000;
/** Rows of one hour; what is more is counted under the model `*`. */
const maxRows = 20_000;
/** Hours that wait for a store that does not answer; the oldest is dropped. */
const maxHours = 48;
/** Longest wait of `close` for the last write. */
const closeMs = 2_000;

/** The rows of one hour, in the order of their first use, so that a row stays on its page. */
interface Hour {
  readonly rows: Map<string, UsageRow>;
  readonly pageOf: Map<string, number>;
  readonly dirty: Set<number>;
}

/**
 * Counts what requests used, by hour, key, tenant, model and agent. The sums of an hour are written every 5 s, each
 * time in full: a write that is repeated counts once, and one that is lost is made good by the next.
 */
export class UsageLedger {
  readonly run: string;
  readonly #options: UsageLedgerOptions;
  readonly #hours = new Map<number, Hour>();
  /** Tokens of each key by day: those of this run. */
  readonly #days = new Map<number, Map<string, number>>();
  #timer: Timer | undefined;
  #flushing: Promise<void> | undefined;
  #hasEnded = false;

  constructor(options: UsageLedgerOptions) {
    this.#options = options;
    this.run = options.run;
  }

  add(of: UsageOf, counts: UsageCounts): void {
    const hour = Math.floor(this.#options.clock.wallNow() / hourMs);
    const current = this.#hourOf(hour);
    const wanted = keyOf(of);
    const isFull = current.rows.size >= maxRows && !current.rows.has(wanted);
    const { keyId, tenant } = of;
    const own = isFull ? { keyId, tenant, model: '*', agent: '' } : of;
    const key = isFull ? keyOf(own) : wanted;
    const row = current.rows.get(key) ?? { ...own, ...noCounts };
    current.rows.set(key, { ...row, ...addCounts(row, counts) });
    const page = current.pageOf.get(key) ?? Math.floor((current.rows.size - 1) / pageRows);
    current.pageOf.set(key, page);
    current.dirty.add(page);
    this.#countDay(dayOf(hour), keyId, counts.promptTokens + counts.outputTokens);
    this.#arm();
  }

  /** Tokens that a key used on a day, as far as this run of the gateway served it. */
  tokensOf(keyId: string, day: number): number {
    return this.#days.get(day)?.get(keyId) ?? 0;
  }

  /** Writes what is not written yet. Never throws. */
  async flush(): Promise<void> {
    this.#flushing ??= this.#write().finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
  }

  /** Writes the rest, for 2 s at most, and ends. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#hasEnded = true;
    const { clock } = this.#options;
    let timer: Timer | undefined;
    const waited = new Promise<void>((resolve) => {
      timer = clock.setTimer(closeMs, resolve);
    });
    await Promise.race([this.flush(), waited]);
    timer?.cancel();
  }

  async #write(): Promise<void> {
    const { store, nodeId: node, clock, log } = this.#options;
    const nowHour = Math.floor(clock.wallNow() / hourMs);
    for (const [hour, { rows, pageOf, dirty }] of this.#hours) {
      for (const page of dirty) {
        dirty.delete(page);
        const own = [...rows].filter(([key]) => pageOf.get(key) === page).map(([, row]) => row);
        try {
          await store.put({ hour, node, run: this.run, page }, own);
        } catch (err) {
          dirty.add(page);
          log.debug({ err }, 'the usage cannot be written yet');
          return;
        }
      }
      if (hour < nowHour) this.#hours.delete(hour);
    }
  }

  #countDay(day: number, keyId: string, tokens: number): void {
    const keys = this.#days.get(day) ?? new Map<string, number>();
    keys.set(keyId, (keys.get(keyId) ?? 0) + tokens);
    this.#days.set(day, keys);
    // A budget is for a month at most.
    for (const known of this.#days.keys()) if (known < day - 31) this.#days.delete(known);
  }

  #hourOf(hour: number): Hour {
    const known = this.#hours.get(hour);
    if (known !== undefined) return known;
    const made: Hour = { rows: new Map(), pageOf: new Map(), dirty: new Set() };
    this.#hours.set(hour, made);
    const [oldest] = this.#hours.keys();
    if (this.#hours.size > maxHours && oldest !== undefined) this.#hours.delete(oldest);
    return made;
  }

  #arm(): void {
    if (this.#hasEnded) return;
    this.#timer ??= this.#options.clock.setTimer(flushMs, () => {
      this.#timer = undefined;
      void this.#flushAndGoOn();
    });
  }

  async #flushAndGoOn(): Promise<void> {
    await this.flush();
    if ([...this.#hours.values()].some(({ dirty }) => dirty.size > 0)) this.#arm();
  }
}

function keyOf({ keyId, tenant, model, agent }: UsageOf): string {
  return JSON.stringify([keyId, tenant, model, agent]);
}
