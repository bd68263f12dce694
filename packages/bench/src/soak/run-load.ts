import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsServer } from '@drover/actor-core/testing';
import { cpuSeconds, residentBytes } from '../cpu-usage.ts';
import type { Point } from './slope.ts';
import type { SoakProcess } from './soak-process.ts';
import type { SoakOutcome } from './soak-protocol.ts';
import { sum } from './verdict.ts';

/** Durations of one run. */
export interface Plan {
  readonly saturateMs: number;
  readonly loadMs: number;
  /** Memory is measured after this time, when the code is compiled and the heaps do not grow any more. */
  readonly settledMs: number;
}

export const megabyte: number = 1024 * 1024;
/** Share of the highest rate that runs as load. */
const loadShare = 0.5;
const progressMs = 10_000;
/** Time that a command may take beyond its own duration, for the last outcomes and for tables to shrink. */
const graceMs = 90_000;

/** Everything that one run has measured. */
export interface Measured {
  readonly highest: number;
  readonly rate: number;
  readonly processes: readonly SoakProcess[];
  readonly outcomes: ReadonlyMap<string, SoakOutcome>;
  /** Operations without an outcome at the end of the load. */
  readonly leftOver: number;
  readonly natsRss: readonly Point[];
  readonly natsCpuPercent: number;
  /** Load averages of the machine during the load. */
  readonly loads: readonly number[];
}

/** Finds the highest rate, runs the load, and reads the counts of both processes. */
export async function measure(
  processes: readonly SoakProcess[],
  nats: NatsServer,
  plan: Plan,
  progress: (line: string) => void,
): Promise<Measured> {
  progress(`measuring the highest rate, twice ${plan.saturateMs / 1000} s`);
  const first = await saturate(processes, plan);
  await Promise.all(processes.map((one) => one.request({ command: 'collect' }, 'collected', graceMs)));
  // Runs at the highest rate again: the garbage collection has returned memory to the system, and the heap must have
  // grown to its full size before the load.
  const second = await saturate(processes, plan);
  const highest = Math.min(...first.map((rate, index) => Math.max(rate, second[index] ?? rate)));
  const rate = highest * loadShare;
  progress(
    `highest ${perSecond(highest)} in each process; ${perSecond(rate)} in each for ${plan.loadMs / 1000} s`,
  );
  const natsRss: Point[] = [];
  const loads: number[] = [];
  const watching = new AbortController();
  const watched = watchLoad(processes, nats, natsRss, loads, progress, watching.signal);
  const natsCpu = cpuSeconds(nats.pid) ?? Number.NaN;
  const loaded = await Promise.all(
    processes.map((one) =>
      one.request(
        { command: 'load', ratePerSecond: rate, durationMs: plan.loadMs },
        'loaded',
        plan.loadMs + graceMs,
      ),
    ),
  ).finally(() => watching.abort());
  await watched;
  const natsCpuPercent = (((cpuSeconds(nats.pid) ?? Number.NaN) - natsCpu) * 100_000) / plan.loadMs;
  progress('the load has stopped: reading the counts');
  const audited = await Promise.all(
    processes.map((one) => one.request({ command: 'audit' }, 'audited', graceMs)),
  );
  return {
    highest,
    rate,
    processes,
    outcomes: new Map(audited.map((outcome, index) => [processes[index]?.name ?? '', outcome])),
    leftOver: sum(loaded.map((one) => one.leftOver)),
    natsRss,
    natsCpuPercent,
    loads,
  };
}

/** The highest rate of each process, while both run: operations per second. */
async function saturate(processes: readonly SoakProcess[], { saturateMs }: Plan): Promise<number[]> {
  const replies = await Promise.all(
    processes.map((one) =>
      one.request({ command: 'saturate', durationMs: saturateMs }, 'saturated', saturateMs + graceMs),
    ),
  );
  return replies.map(({ ratePerSecond }) => ratePerSecond);
}

/** Samples the memory of the server once a second, and reports progress every `progressMs`. */
async function watchLoad(
  processes: readonly SoakProcess[],
  nats: NatsServer,
  natsRss: Point[],
  loads: number[],
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const begin = performance.now();
  let nextMs = progressMs;
  while (!signal.aborted) {
    await sleep(1_000, undefined, { signal }).catch(() => undefined);
    const elapsedMs = performance.now() - begin;
    const rss = residentBytes(nats.pid);
    if (rss !== undefined) natsRss.push({ x: elapsedMs / 60_000, y: rss / megabyte });
    if (elapsedMs < nextMs) continue;
    nextMs += progressMs;
    loads.push(loadavg()[0] ?? Number.NaN);
    const parts = processes.map(({ name, samples }) => {
      const last = samples.at(-1);
      if (last === undefined) return `${name} –`;
      return `${name} ${(last.rssBytes / megabyte).toFixed(1)} MB rss, ${(last.heapTakenBytes / megabyte).toFixed(1)} MB heap taken, ${(last.heapUsedBytes / megabyte).toFixed(1)} MB used, ${last.done} done, loop p99 ${last.loopP99Ms.toFixed(1)} ms, ${last.behindMs.toFixed(0)} ms behind`;
    });
    progress(`${Math.round(elapsedMs / 1000)} s: ${parts.join('; ')}; load ${loads.at(-1)?.toFixed(1)}`);
  }
}

export function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString('en-US')} operations/s`;
}
