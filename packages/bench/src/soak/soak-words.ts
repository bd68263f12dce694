import type { DeadLetterReason, RuntimeCounters } from '@drover/actor-core';
import type { Tally } from './driver.ts';
import type { Check } from './family.ts';
import type { LoopDelay, Sample } from './process-watch.ts';

/** What the suite tells a process of the soak, a JSON line each on its stdin. */
export type SoakOrder =
  | { readonly order: 'saturate'; readonly durationMs: number }
  /** Take what the heap holds once all garbage is collected. */
  | { readonly order: 'collect' }
  | { readonly order: 'load'; readonly ratePerSecond: number; readonly durationMs: number }
  /** No operation is under way anywhere: count what it came to. */
  | { readonly order: 'audit' };

/** What it answers, on its stdout. */
export type SoakWord =
  | { readonly event: 'ready'; readonly pid: number }
  | { readonly event: 'saturated'; readonly ratePerSecond: number }
  | { readonly event: 'collected'; readonly heapBytes: number }
  | ({
      readonly event: 'sample';
      readonly done: number;
      readonly behindMs: number;
      readonly loopP99Ms: number;
    } & Sample)
  | { readonly event: 'loaded'; readonly leftOver: number }
  | ({ readonly event: 'audited' } & SoakOutcome);

/** What one process did and what became of it. */
export interface SoakOutcome {
  readonly operations: Readonly<Record<string, Tally>>;
  readonly checks: readonly Check[];
  /** Dead letters that its operations are to cause, on either node, and those counted on this one. */
  readonly expectedLetters: Readonly<Partial<Record<DeadLetterReason, number>>>;
  readonly counters: { readonly before: RuntimeCounters; readonly after: RuntimeCounters };
  readonly unhandledRejections: number;
  readonly uncaughtExceptions: number;
  readonly processWarnings: number;
  readonly logged: Readonly<Record<string, number>>;
  /** Of what went wrong, the first few. */
  readonly texts: readonly string[];
  readonly loop: LoopDelay;
  readonly cpuPercent: number;
  readonly latencies: Readonly<Record<string, { readonly p50Micros: number; readonly p99Micros: number }>>;
  /** Before the load and after it, once a collection was forced. */
  readonly heapBytes: { readonly before: number; readonly after: number };
  readonly resources: {
    readonly before: Readonly<Record<string, number>>;
    readonly after: Readonly<Record<string, number>>;
  };
  readonly tables: {
    readonly before: Readonly<Record<string, number>>;
    readonly after: Readonly<Record<string, number>>;
  };
  /** How long the tables took to be what they were. */
  readonly settledMs: number;
}
