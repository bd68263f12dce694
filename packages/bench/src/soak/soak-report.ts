import type { NatsServer } from '@drover/actor-core/testing';
import { type ArmRow, type Bar, type BenchReport, bar, row } from '../report.ts';
import { median } from '../statistics.ts';
import { type Measured, megabyte, perSecond, type Plan } from './run-load.ts';
import { type Point, type Slopes, slopesOf } from './slope.ts';
import type { SoakProcess } from './soak-process.ts';
import type { SoakOutcome } from './soak-protocol.ts';
import { leftInTables, sum, unaccounted, unhandled } from './verdict.ts';

const maxSlopeMbPerMinute = 0.5;

/** @throws Error for a quick run with lost messages, or with entries left in a table */
export function soakReport(
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
  const unhandledCount = unhandled(outcomes);
  const texts = [...outcomes].flatMap(([name, outcome]) => outcome.texts.map((text) => `${name}: ${text}`));
  const faults = [...lost, ...left, ...texts];
  if (isQuick && faults.length > 0) throw new Error(faults.join('\n'));
  const fromMinutes = plan.settledMs / 60_000;
  // A quick run is too short to measure a slope of the memory.
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
      bar('unhandled rejections, uncaught exceptions, process warnings', unhandledCount, { atMost: 0 }, ''),
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
    `two processes, nats-server ${nats.version}, core NATS; each runs the whole mix with itself and with the other process`,
    'path: joinCluster with its defaults: bounded mailboxes, control lane, restart handling, watch, call-chain id, a trace in every operation, deadline on every ask, zod protocol at the edge',
    `highest rate of the mix, the better of two times ${plan.saturateMs / 1000} s, both at once: ${perSecond(highest)} in each; then ${perSecond(rate)} in each, evenly paced, for ${plan.loadMs / 1000} s; latency counts from the planned start`,
    `mix, ${total.toLocaleString('en-US')} operations: ${shares.join(', ')}`,
    'node runs with its defaults (no heap or semi-space flags); a collection is forced between the two measurements of the highest rate and after the load, for the two heap figures, never during the load',
    `RSS once a second from /proc${isQuick ? '; too short for its slope to be judged' : ', slope after the first two minutes; floor = lowest of each 15 s'}`,
    `event-loop delay of both: ${[...outcomes].map(([name, { loop }]) => `${name} p99 ${loop.p99Ms.toFixed(2)} ms, max ${loop.maxMs.toFixed(1)} ms`).join('; ')}`,
    `tables watched: ${Object.keys(outcomes.values().next().value?.tables.after ?? {}).join(', ')}`,
    `load average of the machine during the load: ${median(loads).toFixed(2)} (median)`,
  ];
}

function processRows(one: SoakProcess, outcome: SoakOutcome, slopes: Slopes | undefined): ArmRow[] {
  const rss = one.samples.map(({ rssBytes }) => rssBytes / megabyte);
  const taken = one.samples.map(({ heapTakenBytes }) => heapTakenBytes / megabyte);
  const heap = one.samples.map(({ heapUsedBytes }) => heapUsedBytes / megabyte);
  const line = (workload: string, unit: string, value: number) => single(one.name, workload, unit, value);
  const { before, after } = outcome.resources;
  return [
    ...slopeRows(one.name, slopes),
    spreadRow(one.name, 'RSS', 'MB', rss),
    spreadRow(one.name, 'heap taken from the system', 'MB', taken),
    spreadRow(one.name, 'heap used', 'MB', heap),
    line('heap after a collection, before the load', 'MB', outcome.heapBytes.before / megabyte),
    line('heap after a collection, after the load', 'MB', outcome.heapBytes.after / megabyte),
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

/** A row with one figure. */
function single(arm: string, workload: string, unit: string, value: number): ArmRow {
  return row(arm, workload, unit, { median: value, min: value, max: value, rounds: 1 });
}

/** A row with the median and range of samples. */
function spreadRow(arm: string, workload: string, unit: string, values: readonly number[]): ArmRow {
  return row(arm, workload, unit, {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    rounds: 1,
  });
}

function rssOf({ samples }: SoakProcess): Point[] {
  const first = samples[0]?.atMs ?? 0;
  return samples.map(({ atMs, rssBytes }) => ({ x: (atMs - first) / 60_000, y: rssBytes / megabyte }));
}
