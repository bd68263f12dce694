import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, residentBytes } from './cpu-usage.ts';
import { hostFacts } from './host-facts.ts';
import { UsageError } from './named-module.ts';
import { type NatsServer, startNatsServer } from '@drover/actor-core/testing';
import { type ArmRow, type Bar, type BenchReport, bar, row } from './report.ts';
import {
  floorOf,
  largestStep,
  leastSquaresSlope,
  type Point,
  steadySlope,
  theilSenSlope,
} from './soak/slope.ts';
import { SoakProcess } from './soak/soak-process.ts';
import type { SoakOutcome } from './soak/soak-words.ts';
import { leftInTables, sum, unaccounted, unhandled } from './soak/verdict.ts';
import { median } from './statistics.ts';
import type { SuiteOptions } from './suite.ts';

interface Plan {
  readonly saturateMs: number;
  readonly loadMs: number;
  /** Memory counts from here on: code is compiled and heaps have their size. */
  readonly settledMs: number;
}

const full: Plan = { saturateMs: 20_000, loadMs: 600_000, settledMs: 120_000 };
const quick: Plan = { saturateMs: 3_000, loadMs: 12_000, settledMs: 4_000 };

const loadShare = 0.5;
const maxSlopeMbPerMinute = 0.5;
const progressMs = 10_000;
/** What an order may take beyond its own duration: the last outcomes, and tables that come to rest. */
const graceMs = 90_000;
const floorMinutes = 0.25;
const steadyMinutes = 1;
const mb = 1024 * 1024;
const names = ['left', 'right'] as const;

/**
 * Everything the runtime does, at half of what this machine can do, for ten minutes: two processes over a nats-server
 * of the suite's own. It looks for what only time shows: memory that grows, tables that keep something, messages that
 * are lost or told twice, rejections that nobody handles.
 *
 * @throws Error when a process fails, and in a quick run when anything was lost or left behind
 */
export async function runSoak(options: SuiteOptions): Promise<BenchReport> {
  if (options.only.length > 0 || options.extraArms.length > 0 || options.rounds !== undefined)
    throw new UsageError('soak takes no --only, --arm or --rounds: it is one long round of everything');
  const host = hostFacts();
  const plan = options.quick ? quick : full;
  const nats = await startNatsServer({ jetstream: false });
  const processes: SoakProcess[] = [];
  try {
    const [left, right] = names;
    processes.push(
      ...(await Promise.all([
        SoakProcess.start(`nats://${nats.url}`, left, right),
        SoakProcess.start(`nats://${nats.url}`, right, left),
      ])),
    );
    const measured = await measure(processes, nats, plan, options.progress);
    return report(measured, plan, options.quick, host, nats);
  } finally {
    await Promise.all(processes.map((one) => one.stop()));
    await nats.dispose();
  }
}

interface Measured {
  readonly highest: number;
  readonly rate: number;
  readonly processes: readonly SoakProcess[];
  readonly outcomes: ReadonlyMap<string, SoakOutcome>;
  readonly leftOver: number;
  readonly natsRss: readonly Point[];
  readonly natsCpuPercent: number;
  readonly loads: readonly number[];
}

async function measure(
  processes: readonly SoakProcess[],
  nats: NatsServer,
  plan: Plan,
  progress: (line: string) => void,
): Promise<Measured> {
  progress(`looking for the highest rate, twice ${plan.saturateMs / 1000} s`);
  const first = await saturate(processes, plan);
  await Promise.all(processes.map((one) => one.obey({ order: 'collect' }, 'collected', graceMs)));
  // Again, since a collection gives back what the heap had taken: it is to have its size before memory counts.
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
      one.obey(
        { order: 'load', ratePerSecond: rate, durationMs: plan.loadMs },
        'loaded',
        plan.loadMs + graceMs,
      ),
    ),
  ).finally(() => watching.abort());
  await watched;
  const natsCpuPercent = (((cpuSeconds(nats.pid) ?? Number.NaN) - natsCpu) * 100_000) / plan.loadMs;
  progress('the load has stopped: counting');
  const audited = await Promise.all(processes.map((one) => one.obey({ order: 'audit' }, 'audited', graceMs)));
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

/** Operations per second in each process, all at once. */
async function saturate(processes: readonly SoakProcess[], { saturateMs }: Plan): Promise<number[]> {
  const words = await Promise.all(
    processes.map((one) =>
      one.obey({ order: 'saturate', durationMs: saturateMs }, 'saturated', saturateMs + graceMs),
    ),
  );
  return words.map(({ ratePerSecond }) => ratePerSecond);
}

/** The server's memory once a second, and a line every so often. */
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
    if (rss !== undefined) natsRss.push({ x: elapsedMs / 60_000, y: rss / mb });
    if (elapsedMs < nextMs) continue;
    nextMs += progressMs;
    loads.push(loadavg()[0] ?? Number.NaN);
    const parts = processes.map(({ name, samples }) => {
      const last = samples.at(-1);
      if (last === undefined) return `${name} –`;
      return `${name} ${(last.rssBytes / mb).toFixed(1)} MB rss, ${(last.heapTakenBytes / mb).toFixed(1)} MB heap taken, ${(last.heapUsedBytes / mb).toFixed(1)} MB used, ${last.done} done, loop p99 ${last.loopP99Ms.toFixed(1)} ms, ${last.behindMs.toFixed(0)} ms behind`;
    });
    progress(`${Math.round(elapsedMs / 1000)} s: ${parts.join('; ')}; load ${loads.at(-1)?.toFixed(1)}`);
  }
}

interface Slopes {
  readonly leastSquares: number;
  readonly robust: number;
  readonly steady: number;
  readonly floor: number;
  /** MB, from one stretch of the floor to the next. */
  readonly step: number;
}

/** MB per minute, by four fits, over the points after `fromMinutes`. */
function slopesOf(points: readonly Point[], fromMinutes: number): Slopes {
  const after = points.filter(({ x }) => x >= fromMinutes);
  const floor = floorOf(after, floorMinutes);
  return {
    leastSquares: leastSquaresSlope(after),
    robust: theilSenSlope(after),
    steady: steadySlope(after, steadyMinutes),
    floor: leastSquaresSlope(floor),
    step: largestStep(floor),
  };
}

function rssOf({ samples }: SoakProcess): Point[] {
  const first = samples[0]?.atMs ?? 0;
  return samples.map(({ atMs, rssBytes }) => ({ x: (atMs - first) / 60_000, y: rssBytes / mb }));
}

function report(
  measured: Measured,
  plan: Plan,
  isQuick: boolean,
  host: BenchReport['host'],
  nats: NatsServer,
): BenchReport {
  const { processes, outcomes } = measured;
  const lost = unaccounted(outcomes);
  if (measured.leftOver > 0) lost.push(`${measured.leftOver} operations had no outcome when the load ended`);
  const left = leftInTables(outcomes);
  const strays = unhandled(outcomes);
  const texts = [...outcomes].flatMap(([name, outcome]) => outcome.texts.map((text) => `${name}: ${text}`));
  const faults = [...lost, ...left, ...texts];
  if (isQuick && faults.length > 0) throw new Error(faults.join('\n'));
  const fromMinutes = plan.settledMs / 60_000;
  // A quick run is too short for a slope to mean anything.
  const slopes = new Map(
    isQuick ? [] : processes.map((one) => [one.name, slopesOf(rssOf(one), fromMinutes)] as const),
  );
  const slopeBars: Bar[] = [...slopes].map(([name, { leastSquares }]) =>
    bar(
      `RSS slope of ${name} after minute ${fromMinutes}`,
      leastSquares,
      { atMost: maxSlopeMbPerMinute },
      'MB/min',
    ),
  );
  return {
    suite: 'soak',
    quick: isQuick,
    host,
    notes: [...notes(measured, plan, isQuick, nats), ...faults],
    arms: [
      ...processes.flatMap((one) =>
        processRows(one, outcomes.get(one.name) as SoakOutcome, slopes.get(one.name)),
      ),
      ...serverRows(measured, isQuick ? undefined : slopesOf(measured.natsRss, fromMinutes)),
    ],
    ratios: [],
    bars: [
      ...slopeBars,
      bar('unhandled rejections, uncaught exceptions, process warnings', strays, { atMost: 0 }, ''),
      bar('operations, messages and dead letters not accounted for', lost.length, { atMost: 0 }, ''),
      bar('tables that hold more than before the load', left.length, { atMost: 0 }, ''),
    ],
  };
}

function notes(measured: Measured, plan: Plan, isQuick: boolean, nats: NatsServer): string[] {
  const { outcomes, highest, rate, loads } = measured;
  const mix = new Map<string, number>();
  for (const { operations } of outcomes.values())
    for (const [name, { started }] of Object.entries(operations))
      mix.set(name, (mix.get(name) ?? 0) + started);
  const total = sum([...mix.values()]);
  const shares = [...mix].map(([name, count]) => `${name} ${((100 * count) / total).toFixed(2)} %`);
  return [
    `two processes, nats-server ${nats.version}, core NATS; each runs the whole mix against itself and the other`,
    'path: joinCluster as it comes: bounded mailboxes, control lane, restart handling, watch, call-chain id, a trace in every operation, deadline on every ask, zod protocol at the edge',
    `highest rate of the mix, the better of two times ${plan.saturateMs / 1000} s, both at once: ${perSecond(highest)} in each; then ${perSecond(rate)} in each, evenly paced, for ${plan.loadMs / 1000} s, and who starts late counts from when it was due`,
    `mix, ${total.toLocaleString('en-US')} operations: ${shares.join(', ')}`,
    'node runs with its defaults (no heap or semi-space flags); a collection is forced between the two looks for the highest rate and after the load, for the two heap figures, never during it',
    `RSS once a second from /proc${isQuick ? '; too short for its slope to be judged' : ', slope after the first two minutes; floor = lowest of each 15 s'}`,
    `event-loop delay of both: ${[...outcomes].map(([name, { loop }]) => `${name} p99 ${loop.p99Ms.toFixed(2)} ms, max ${loop.maxMs.toFixed(1)} ms`).join('; ')}`,
    `tables watched: ${Object.keys(outcomes.values().next().value?.tables.after ?? {}).join(', ')}`,
    `load average of the machine meanwhile: ${median(loads).toFixed(2)} (median)`,
  ];
}

function processRows(one: SoakProcess, outcome: SoakOutcome, slopes: Slopes | undefined): ArmRow[] {
  const rss = one.samples.map(({ rssBytes }) => rssBytes / mb);
  const taken = one.samples.map(({ heapTakenBytes }) => heapTakenBytes / mb);
  const heap = one.samples.map(({ heapUsedBytes }) => heapUsedBytes / mb);
  const line = (workload: string, unit: string, value: number) => single(one.name, workload, unit, value);
  const { before, after } = outcome.resources;
  return [
    ...slopeRows(one.name, slopes),
    spreadRow(one.name, 'RSS', 'MB', rss),
    spreadRow(one.name, 'heap taken from the system', 'MB', taken),
    spreadRow(one.name, 'heap used', 'MB', heap),
    line('heap after a collection, before the load', 'MB', outcome.heapBytes.before / mb),
    line('heap after a collection, after the load', 'MB', outcome.heapBytes.after / mb),
    line('event-loop delay p50', 'ms', outcome.loop.p50Ms),
    line('event-loop delay p99', 'ms', outcome.loop.p99Ms),
    line('event-loop delay max', 'ms', outcome.loop.maxMs),
    ...Object.entries(outcome.latencies).flatMap(([name, { p50Micros, p99Micros }]) => [
      line(`${name} p50`, 'us', p50Micros),
      line(`${name} p99`, 'us', p99Micros),
    ]),
    line('CPU', '% of a core', outcome.cpuPercent),
    line('active resources before the load', '', sum(Object.values(before))),
    line('active resources after the load', '', sum(Object.values(after))),
    line('tables at rest after', 'ms', outcome.settledMs),
  ];
}

function serverRows({ natsRss, natsCpuPercent }: Measured, slopes: Slopes | undefined): ArmRow[] {
  return [
    ...slopeRows('nats-server', slopes),
    spreadRow(
      'nats-server',
      'RSS',
      'MB',
      natsRss.map(({ y }) => y),
    ),
    single('nats-server', 'CPU', '% of a core', natsCpuPercent),
  ];
}

function slopeRows(arm: string, slopes: Slopes | undefined): ArmRow[] {
  if (slopes === undefined) return [];
  const { leastSquares, robust, steady, floor, step } = slopes;
  return [
    single(arm, 'RSS slope, least squares', 'MB/min', leastSquares),
    single(arm, 'RSS slope, Theil–Sen', 'MB/min', robust),
    single(arm, 'RSS slope, median of all minutes', 'MB/min', steady),
    single(arm, 'RSS slope of the floor', 'MB/min', floor),
    single(arm, 'RSS, largest step of the floor', 'MB', step),
  ];
}

/** One figure of one run. */
function single(arm: string, workload: string, unit: string, value: number): ArmRow {
  return row(arm, workload, unit, { median: value, min: value, max: value, rounds: 1 });
}

/** One run's figure over its samples. */
function spreadRow(arm: string, workload: string, unit: string, values: readonly number[]): ArmRow {
  return row(arm, workload, unit, {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    rounds: 1,
  });
}

function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString('en-US')} operations/s`;
}
