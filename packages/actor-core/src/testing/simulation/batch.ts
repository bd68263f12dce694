import { addCounters, type Counters, noCounters } from './counters.ts';
import { bars, everything, playSeed, type SeedResult } from './play-seed.ts';

/** Results of many seeds. */
export interface Batch {
  seeds: number;
  readonly counters: Counters;
  leastVirtualMs: number;
  leastOperations: number;
  leastFaultKinds: number;
  /** Seeds that broke a guarantee, and how. */
  readonly broken: { readonly seed: number; readonly broken: readonly string[] }[];
  readonly hashes: Record<number, string>;
}

export function emptyBatch(): Batch {
  return {
    seeds: 0,
    counters: noCounters(),
    leastVirtualMs: Number.POSITIVE_INFINITY,
    leastOperations: Number.POSITIVE_INFINITY,
    leastFaultKinds: Number.POSITIVE_INFINITY,
    broken: [],
    hashes: {},
  };
}

/** Plays `count` seeds from `first` on; `stopsAtBreak` ends the batch at the first broken guarantee. */
export async function playBatch(
  first: number,
  count: number,
  scenario: string = everything,
  stopsAtBreak = false,
): Promise<Batch> {
  const batch = emptyBatch();
  for (let seed = first; seed < first + count; seed++) {
    addSeed(batch, await playSeed(seed, scenario));
    if (stopsAtBreak && batch.broken.length > 0) break;
  }
  return batch;
}

export function joinBatch(sum: Batch, more: Batch): void {
  sum.seeds += more.seeds;
  addCounters(sum.counters, more.counters);
  sum.leastVirtualMs = Math.min(sum.leastVirtualMs, more.leastVirtualMs);
  sum.leastOperations = Math.min(sum.leastOperations, more.leastOperations);
  sum.leastFaultKinds = Math.min(sum.leastFaultKinds, more.leastFaultKinds);
  sum.broken.push(...more.broken);
  Object.assign(sum.hashes, more.hashes);
}

/** Reasons why a batch of all scenarios proves too little: a seed below the minimum, an event that never happened. */
export function shortfalls({ counters, leastVirtualMs, leastOperations, leastFaultKinds }: Batch): string[] {
  const never = Object.entries(counters)
    .filter(([, count]) => count === 0)
    .map(([name]) => `no ${name} in any seed`);
  const missed = [
    leastVirtualMs < bars.virtualMs ? `a seed of only ${leastVirtualMs} virtual ms` : '',
    leastOperations < bars.operations ? `a seed of only ${leastOperations} operations` : '',
    leastFaultKinds < bars.faultKinds ? `a seed with only ${leastFaultKinds} kinds of fault` : '',
  ];
  return [...never, ...missed.filter((line) => line !== '')];
}

function addSeed(batch: Batch, result: SeedResult): void {
  batch.seeds++;
  addCounters(batch.counters, result.counters);
  batch.hashes[result.seed] = result.hash;
  if (result.broken.length > 0) {
    // An interrupted run cannot be compared with the minimum.
    batch.broken.push({ seed: result.seed, broken: result.broken.slice(0, 5) });
    return;
  }
  batch.leastVirtualMs = Math.min(batch.leastVirtualMs, result.virtualMs);
  batch.leastOperations = Math.min(batch.leastOperations, result.operations);
  batch.leastFaultKinds = Math.min(batch.leastFaultKinds, result.faultKinds.length);
}
