import type { FailureCode, RefusalCode } from '@drover/fleet';
import type { JobOutcome } from './job/job-message.ts';

/** Counters of one instance since the start of the node-agent. They only grow. */
export interface InstanceStats {
  /** Streams opened, refused ones included. */
  readonly requests: number;
  readonly refused: Readonly<Record<RefusalCode, number>>;
  /** Answered to the end, Ollama's own errors included. */
  readonly completed: number;
  /** Ended early because the client left. */
  readonly cancelled: number;
  readonly failed: Readonly<Record<Exclude<FailureCode, 'cancelled'>, number>>;
  /** Lines read from Ollama; in a stream, one for each token. */
  readonly lines: number;
  /** Time spent inside Ollama, over all requests, milliseconds. */
  readonly upstreamMs: number;
  /** Harmful requests (`num_predict: 0`) that were answered here and not sent to Ollama. */
  readonly rejected: number;
  /** Unloads that freed a lost slot. */
  readonly healedLeaks: number;
  readonly probes: number;
  readonly failedProbes: number;
}

type Mutable<T> = {
  -readonly [K in keyof T]: T[K] extends number ? number : { -readonly [L in keyof T[K]]: number };
};
export type Counters = Mutable<InstanceStats>;

export function createCounters(): Counters {
  return {
    requests: 0,
    refused: { 'queue-full': 0, draining: 0, 'model-missing': 0, 'instance-down': 0, 'bad-request': 0 },
    completed: 0,
    cancelled: 0,
    failed: {
      'upstream-lost': 0,
      'upstream-stalled': 0,
      deadline: 0,
      'replay-lost': 0,
      'reader-too-slow': 0,
      'bad-upstream': 0,
    },
    lines: 0,
    upstreamMs: 0,
    rejected: 0,
    healedLeaks: 0,
    probes: 0,
    failedProbes: 0,
  };
}

/** Counts the outcome of one admitted request. */
export function countOutcome(counters: Counters, { how, lines, upstreamMs }: JobOutcome): void {
  counters.lines += lines;
  counters.upstreamMs += upstreamMs;
  if (typeof how === 'object') counters.refused[how.refused] += 1;
  else if (how === 'completed' || how === 'rejected' || how === 'cancelled') counters[how] += 1;
  else counters.failed[how] += 1;
}
