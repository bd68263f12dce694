import { randomBytes } from 'node:crypto';
import { setImmediate as nextRound, setTimeout as sleep } from 'node:timers/promises';
import { withTrace } from '@drover/actor-core';
import { build, type Histogram } from 'hdr-histogram-js';
import type { Operation } from './family.ts';

/**
 * Largest number of running operations. The search for the highest rate always keeps this number running. At a fixed
 * rate an operation beyond it starts late, and its latency counts from its planned start. With the same limit in both
 * phases the heap has its final size before memory is measured.
 */
const maxInFlight = 256;
/** Share of the search for the highest rate that is warm-up. */
const warmUpShare = 0.4;
const startsPerRound = 256;
/** Largest number of error texts that are kept. */
const keptTexts = 5;
/** Time after the last start at which an operation that still runs counts as without an outcome. */
const drainMs = 30_000;

export interface Tally {
  started: number;
  right: number;
  wrong: number;
}

/** Starts operations of a mix and counts their outcomes. Each operation has its own trace. */
export class Driver {
  readonly tallies: ReadonlyMap<string, Tally>;
  /** The first error texts. */
  readonly texts: string[] = [];
  /** Microseconds from the planned start to the outcome, for the operations that were named. */
  readonly latencies: ReadonlyMap<string, Histogram>;
  inFlight = 0;
  started = 0;
  /** Delay of the last start. */
  behindMs = 0;
  readonly #order: readonly Operation[];
  readonly #traceBase: string = randomBytes(10).toString('hex');

  constructor(operations: readonly Operation[], timed: readonly string[]) {
    const order = shuffled(operations.flatMap((one) => Array.from({ length: one.weight }, () => one)));
    // Operations vary with their number modulo 2, 3 and 5. A length without these factors gives each operation all
    // variants.
    while ([2, 3, 5].some((factor) => order.length % factor === 0)) order.push(order[0] as Operation);
    this.#order = order;
    this.tallies = new Map(operations.map(({ name }) => [name, { started: 0, right: 0, wrong: 0 }]));
    this.latencies = new Map(
      timed.map((name) => [
        name,
        build({
          lowestDiscernibleValue: 1,
          highestTrackableValue: 60_000_000,
          numberOfSignificantValueDigits: 3,
        }),
      ]),
    );
  }

  /** Runs as many operations as possible for `durationMs`. @returns operations per second after the warm-up */
  async saturate(durationMs: number): Promise<number> {
    const begin = performance.now();
    const measureFrom = begin + durationMs * warmUpShare;
    const end = begin + durationMs;
    let measured = 0;
    const keepGoing = async (): Promise<void> => {
      for (let now = begin; now < end; now = performance.now()) {
        await this.#start(now);
        if (now >= measureFrom) measured++;
      }
    };
    await Promise.all(Array.from({ length: maxInFlight }, keepGoing));
    for (const histogram of this.latencies.values()) histogram.reset();
    return (measured * 1000) / (durationMs * (1 - warmUpShare));
  }

  /** Starts operations at a fixed rate without waiting for outcomes. A late start keeps its planned instant. */
  async pace(ratePerSecond: number, durationMs: number): Promise<void> {
    const total = Math.round((ratePerSecond * durationMs) / 1000);
    const begin = performance.now();
    const dueAt = (index: number): number => begin + (index * 1000) / ratePerSecond;
    for (let index = 0; index < total; ) {
      const now = performance.now();
      let starts = 0;
      while (index < total && dueAt(index) <= now && starts < startsPerRound && this.inFlight < maxInFlight) {
        void this.#start(dueAt(index++));
        starts++;
      }
      this.behindMs = Math.max(0, now - dueAt(index));
      if (starts === startsPerRound) await nextRound();
      else await sleep(1);
    }
  }

  /** Waits until no operation runs. @returns the number that still run after `drainMs` */
  async drain(): Promise<number> {
    const deadline = performance.now() + drainMs;
    while (this.inFlight > 0 && performance.now() < deadline) await sleep(10);
    return this.inFlight;
  }

  async #start(dueMs: number): Promise<void> {
    const n = ++this.started;
    const operation = this.#order[n % this.#order.length] as Operation;
    const tally = this.tallies.get(operation.name) as Tally;
    tally.started++;
    this.inFlight++;
    try {
      await withTrace(this.#trace(n), () => operation.run(n));
      tally.right++;
      this.latencies
        .get(operation.name)
        ?.recordValue(Math.max(1, Math.round((performance.now() - dueMs) * 1000)));
    } catch (error) {
      tally.wrong++;
      if (this.texts.length < keptTexts) this.texts.push(`${operation.name}: ${String(error)}`);
    } finally {
      this.inFlight--;
    }
  }

  #trace(n: number): string {
    const id = n.toString(16).padStart(12, '0');
    return `00-${this.#traceBase}${id}-${id.padStart(16, '1')}-01`;
  }
}

/** Shuffled in the same order in every run. */
function shuffled<T>(things: readonly T[]): T[] {
  const result = [...things];
  let state = 1;
  for (let index = result.length - 1; index > 0; index--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (index + 1));
    [result[index], result[other]] = [result[other] as T, result[index] as T];
  }
  return result;
}
