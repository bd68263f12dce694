import type { FaultKind } from '../fault-rates.ts';
import { addCounters, type Counters } from './counters.ts';
import { bars, playSeed, type SeedResult } from './play-seed.ts';
import { counterTextsOf, everything } from './workloads.ts';

/** Results of many seeds. */
export interface Batch {
  seeds: number;
  readonly counters: Counters;
  /** How often each kind of fault struck. */
  readonly faults: Counters;
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
    counters: {},
    faults: {},
    leastVirtualMs: Number.POSITIVE_INFINITY,
    leastOperations: Number.POSITIVE_INFINITY,
    leastFaultKinds: Number.POSITIVE_INFINITY,
    broken: [],
    hashes: {},
  };
}

/** Which seeds to play. */
export interface BatchOrder {
  readonly first: number;
  readonly count: number;
  readonly scenario: string;
  /** Ends the batch at the first broken guarantee. */
  readonly stopsAtBreak: boolean;
}

/** Plays the seeds one after the other; `onPlayed` hears of each. */
export async function playBatch(order: BatchOrder, onPlayed?: (seed: number) => void): Promise<Batch> {
  const { first, count, scenario, stopsAtBreak } = order;
  const batch = emptyBatch();
  for (let seed = first; seed < first + count; seed++) {
    addSeed(batch, await playSeed(seed, scenario));
    onPlayed?.(seed);
    if (stopsAtBreak && batch.broken.length > 0) break;
  }
  return batch;
}

export function joinBatch(sum: Batch, more: Batch): void {
  sum.seeds += more.seeds;
  addCounters(sum.counters, more.counters);
  addCounters(sum.faults, more.faults);
  sum.leastVirtualMs = Math.min(sum.leastVirtualMs, more.leastVirtualMs);
  sum.leastOperations = Math.min(sum.leastOperations, more.leastOperations);
  sum.leastFaultKinds = Math.min(sum.leastFaultKinds, more.leastFaultKinds);
  sum.broken.push(...more.broken);
  Object.assign(sum.hashes, more.hashes);
}

/** What must strike in a batch of all scenarios. */
const faultKinds: readonly FaultKind[] = [
  'drop',
  'duplicate',
  'reorder',
  'partition',
  'crash',
  'pause',
  'disconnect',
  'clock-jump',
  'stand-still',
  'restart',
  'reconnect-storm',
  'away',
  'store-cut',
];

/** Reasons why a batch proves too little: a seed below the minimum, an event or a fault that never happened. */
export function shortfalls(batch: Batch, scenario: string = everything): string[] {
  const { counters, faults, leastVirtualMs, leastOperations, leastFaultKinds } = batch;
  const missing = Object.entries(counterTextsOf(scenario))
    .filter(([name]) => !((counters[name] ?? 0) > 0))
    .map(([name, text]) => `no ${name} in any seed (${text})`);
  if (scenario !== everything) return missing;
  const never = faultKinds
    .filter((kind) => !((faults[kind] ?? 0) > 0))
    .map((kind) => `no fault ${kind} in any seed`);
  const missed = [
    leastVirtualMs < bars.virtualMs ? `a seed of only ${leastVirtualMs} virtual ms` : '',
    leastOperations < bars.operations ? `a seed of only ${leastOperations} operations` : '',
    leastFaultKinds < bars.faultKinds ? `a seed with only ${leastFaultKinds} kinds of fault` : '',
  ];
  return [...missing, ...never, ...missed.filter((line) => line !== '')];
}

function addSeed(batch: Batch, result: SeedResult): void {
  batch.seeds++;
  addCounters(batch.counters, result.counters);
  addCounters(batch.faults, result.faults);
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
