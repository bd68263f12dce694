import type { DeadLetterReason, RuntimeCounters } from '@drover/actor-core';
import type { Tally } from './driver.ts';
import type { Check } from './family.ts';
import type { LoopDelay, Sample } from './process-watch.ts';

/** Command of the suite for a process of the soak: one JSON line on its stdin. */
export type SoakCommand =
  | { readonly command: 'saturate'; readonly durationMs: number }
  /** Collect garbage and report the size of the heap. */
  | { readonly command: 'collect' }
  | { readonly command: 'load'; readonly ratePerSecond: number; readonly durationMs: number }
  /** Report the counts of the whole run. Sent when no operation runs in either process. */
  | { readonly command: 'audit' };

/** Reply of the process: one JSON line on its stdout. */
export type SoakReply =
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

/** Operations of one process and their effects. */
export interface SoakOutcome {
  readonly operations: Readonly<Record<string, Tally>>;
  readonly checks: readonly Check[];
  /** Dead letters that the operations of this process cause, on either node. */
  readonly expectedLetters: Readonly<Partial<Record<DeadLetterReason, number>>>;
  readonly counters: { readonly before: RuntimeCounters; readonly after: RuntimeCounters };
  readonly unhandledRejections: number;
  readonly uncaughtExceptions: number;
  readonly processWarnings: number;
  readonly logged: Readonly<Record<string, number>>;
  /** The first error texts. */
  readonly texts: readonly string[];
  readonly loop: LoopDelay;
  readonly cpuPercent: number;
  readonly latencies: Readonly<Record<string, { readonly p50Micros: number; readonly p99Micros: number }>>;
  /** Heap in use before and after the load, each after a forced collection. */
  readonly heapBytes: { readonly before: number; readonly after: number };
  readonly resources: {
    readonly before: Readonly<Record<string, number>>;
    readonly after: Readonly<Record<string, number>>;
  };
  readonly tables: {
    readonly before: Readonly<Record<string, number>>;
    readonly after: Readonly<Record<string, number>>;
  };
  /** Time until the tables were back at their size before the load. */
  readonly settledMs: number;
}
