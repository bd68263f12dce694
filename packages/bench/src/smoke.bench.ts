import { build, type Histogram } from 'hdr-histogram-js';
import type { Arm, RunningArm } from './arm.ts';
import { runChatStream } from './chat-stream.ts';
import { cpuSeconds } from './cpu-usage.ts';
import { directArm } from './direct-arm.ts';
import { droverArm } from './drover-arm.ts';
import { hostFacts } from './host-facts.ts';
import { runOpenLoop } from './open-loop.ts';
import { loadNamed, UsageError } from './named-module.ts';
import { type ArmRow, type BenchReport, bar, row } from './report.ts';
import { startSimulatedHosts } from './simulated-hosts.ts';
import { median, rounded, spread } from './statistics.ts';
import type { BenchForm, SuiteOptions } from './suite.ts';

/** Sizes of the suite. */
interface SmokeSize {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly openLoopMs: number;
  readonly streamTokens: number;
}

const sizes: Readonly<Record<BenchForm, SmokeSize>> = {
  full: { rounds: 5, warmUpMs: 3_000, openLoopMs: 30_000, streamTokens: 200 },
  quick: { rounds: 3, warmUpMs: 3_000, openLoopMs: 4_000, streamTokens: 60 },
  check: { rounds: 1, warmUpMs: 500, openLoopMs: 1_000, streamTokens: 20 },
};

const openLoopRate = 50;
const openLoopTokens = 16;
const streams = 64;
const streamTokensPerSecond = 20;

/** Result of one arm in one round of the open loop. */
interface OpenLoopRound {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Result of one arm in one round of the parallel streams. */
interface StreamRound {
  readonly maxGapMs: number;
  readonly cpuMicrosPerToken: ReadonlyMap<string, number>;
}

type Rounds<T> = ReadonlyMap<string, readonly T[]>;

/**
 * Measures the time that Drover adds between a client and its hosts. Both arms use the same simulated hosts and
 * alternate in which of them runs first. Every answer is verified number by number, and one wrong answer fails the
 * suite.
 *
 * @throws Error when an answer was lost, wrong or incomplete
 */
export async function runSmoke(options: SuiteOptions): Promise<BenchReport> {
  const size = sizes[options.form];
  const rounds = options.rounds ?? size.rounds;
  if (options.only.length > 0) throw new UsageError('smoke has no workloads to choose from');
  const extraArms = await Promise.all(
    options.extraArms.map((arm) =>
      loadNamed<Arm>(arm, ({ start }) => typeof start === 'function', 'start()'),
    ),
  );
  const arms = [directArm, droverArm, ...extraArms];
  const host = hostFacts();
  const open = await alternate<OpenLoopRound>(arms, rounds, options.progress, {
    hosts: { slots: 16, tokensPerSecond: 200 },
    warmUp: (arm) => openLoopRound(arm, size.warmUpMs),
    round: (arm) => openLoopRound(arm, size.openLoopMs),
    tell: (done) => `first token p50 ${rounded(done.p50Ms, 2)} ms, p99 ${rounded(done.p99Ms, 2)} ms`,
  });
  const stream = await alternate<StreamRound>(arms, rounds, options.progress, {
    hosts: { slots: streams / 2, tokensPerSecond: streamTokensPerSecond },
    warmUp: (arm) => streamRound(arm, 20),
    round: (arm) => streamRound(arm, size.streamTokens),
    tell: (done) => `largest gap ${rounded(done.maxGapMs, 1)} ms`,
  });
  return report(options.form !== 'full', host, open, stream);
}

interface Workload<T> {
  readonly hosts: { readonly slots: number; readonly tokensPerSecond: number };
  warmUp(arm: RunningArm): Promise<unknown>;
  round(arm: RunningArm): Promise<T>;
  tell(done: T): string;
}

/** Runs one workload with all arms alternately. No processes of other workloads run at the same time. */
async function alternate<T>(
  arms: readonly Arm[],
  rounds: number,
  progress: (line: string) => void,
  workload: Workload<T>,
): Promise<Rounds<T>> {
  const figures = new Map<string, T[]>(arms.map((arm) => [arm.name, []]));
  const hosts = await startSimulatedHosts(2, workload.hosts);
  const running: { name: string; arm: RunningArm }[] = [];
  try {
    for (const arm of arms) running.push({ name: arm.name, arm: await arm.start(hosts.hosts) });
    for (const { arm } of running) await workload.warmUp(arm);
    for (let round = 0; round < rounds; round += 1) {
      for (const { name, arm } of round % 2 === 0 ? running : running.toReversed()) {
        const done = await workload.round(arm);
        figures.get(name)?.push(done);
        progress(`round ${round + 1}/${rounds} ${name}: ${workload.tell(done)}`);
      }
    }
  } finally {
    await Promise.all(running.map(({ arm }) => arm.stop()));
    await hosts.stop();
  }
  return figures;
}

async function openLoopRound(arm: RunningArm, durationMs: number): Promise<OpenLoopRound> {
  const histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
  const outcomes = await runOpenLoop(openLoopRate, durationMs, (index, intendedAtMs) =>
    runChatStream(arm.urlFor(index), {
      model: 'sim-count',
      numPredict: openLoopTokens,
      intendedAtMs,
      timeoutMs: 20_000,
    }),
  );
  for (const outcome of outcomes) {
    if (!outcome.verified) throw new Error(`an answer was wrong: ${outcome.problem}`);
    histogram.recordValue(Math.max(1, Math.round(outcome.firstLineMs * 1000)));
  }
  return {
    p50Ms: histogram.getValueAtPercentile(50) / 1000,
    p99Ms: histogram.getValueAtPercentile(99) / 1000,
  };
}

async function streamRound(arm: RunningArm, tokens: number): Promise<StreamRound> {
  const before = arm.processes.map(({ pid }) => cpuSeconds(pid) ?? Number.NaN);
  const intendedAtMs = performance.now();
  const outcomes = await Promise.all(
    Array.from({ length: streams }, (_, index) =>
      runChatStream(arm.urlFor(index), {
        model: 'sim-count',
        numPredict: tokens,
        intendedAtMs,
        timeoutMs: 20_000,
      }),
    ),
  );
  for (const outcome of outcomes)
    if (!outcome.verified) throw new Error(`an answer was wrong: ${outcome.problem}`);
  const cpuMicrosPerToken = new Map<string, number>();
  arm.processes.forEach(({ name, pid }, index) => {
    const used = (cpuSeconds(pid) ?? Number.NaN) - (before[index] as number);
    cpuMicrosPerToken.set(name, (used * 1e6) / (streams * tokens));
  });
  return { maxGapMs: Math.max(...outcomes.map((outcome) => outcome.maxGapMs)), cpuMicrosPerToken };
}

function report(
  quick: boolean,
  host: BenchReport['host'],
  open: Rounds<OpenLoopRound>,
  stream: Rounds<StreamRound>,
): BenchReport {
  const arms: ArmRow[] = [];
  for (const [arm, rounds] of open) {
    arms.push(row(arm, 'open-50 first token p50', 'ms', spread(rounds.map((round) => round.p50Ms))));
    arms.push(row(arm, 'open-50 first token p99', 'ms', spread(rounds.map((round) => round.p99Ms))));
  }
  const addedP50 = added(open, (round) => round.p50Ms);
  const addedP99 = added(open, (round) => round.p99Ms);
  arms.push(row('drover', 'open-50 added first token p50', 'ms', spread(addedP50)));
  arms.push(row('drover', 'open-50 added first token p99', 'ms', spread(addedP99)));
  for (const [arm, rounds] of stream) {
    arms.push(row(arm, 'streams-64 largest gap', 'ms', spread(rounds.map((round) => round.maxGapMs))));
    for (const name of rounds[0]?.cpuMicrosPerToken.keys() ?? []) {
      const values = rounds.map((round) => round.cpuMicrosPerToken.get(name) ?? Number.NaN);
      arms.push(row(arm, `streams-64 cpu ${name}`, 'us/token', spread(values)));
    }
  }
  const addedGap = added(stream, (round) => round.maxGapMs);
  arms.push(row('drover', 'streams-64 added largest gap', 'ms', spread(addedGap)));
  const bars = [
    bar('added time to first token p50', median(addedP50), { atMost: 3 }, 'ms'),
    bar('added time to first token p99', median(addedP99), { atMost: 20 }, 'ms'),
    bar('added inter-token gap, 64 streams at 20 tokens/s', Math.max(...addedGap), { atMost: 250 }, 'ms'),
  ];
  return { suite: 'smoke', quick, host, arms, ratios: ratiosOf(open), bars };
}

/** Difference between each round of Drover and the direct round beside it. */
function added<T>(rounds: Rounds<T>, pick: (round: T) => number): number[] {
  const direct = rounds.get(directArm.name) ?? [];
  return (rounds.get(droverArm.name) ?? []).map((round, index) => pick(round) - pick(direct[index] as T));
}

function ratiosOf(open: Rounds<OpenLoopRound>): BenchReport['ratios'] {
  const direct = open.get(directArm.name) ?? [];
  return [...open]
    .filter(([arm]) => arm !== directArm.name)
    .map(([arm, rounds]) => {
      const pairs = rounds.map((round, index) => round.p50Ms / (direct[index] as OpenLoopRound).p50Ms);
      return { name: `first token p50, ${arm} / direct`, value: rounded(median(pairs)) };
    });
}
