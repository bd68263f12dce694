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
import type { SuiteOptions } from './suite.ts';

/** Sizes of the suite; `quick` is the form that the tests run. */
interface SmokeSize {
  readonly rounds: number;
  readonly openLoopMs: number;
  readonly streamTokens: number;
}

const fullSize: SmokeSize = { rounds: 5, openLoopMs: 30_000, streamTokens: 200 };
const quickSize: SmokeSize = { rounds: 3, openLoopMs: 4_000, streamTokens: 60 };

const openLoopRate = 50;
const openLoopTokens = 16;
const streams = 64;
const streamTokensPerSecond = 20;

/** What one arm did in one round. */
interface RoundFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxGapMs: number;
  readonly cpuMicrosPerToken: ReadonlyMap<string, number>;
}

/**
 * First light's speed: what Drover adds between a client and its hosts. Both arms reach the same simulated hosts;
 * rounds alternate which goes first. Every answer is verified number by number; one wrong answer fails the suite.
 *
 * @throws Error when an answer was lost, wrong or incomplete
 */
export async function runSmoke(options: SuiteOptions): Promise<BenchReport> {
  const size = options.quick ? quickSize : fullSize;
  const rounds = options.rounds ?? size.rounds;
  if (options.only.length > 0) throw new UsageError('smoke has no workloads to choose from');
  const extraArms = await Promise.all(
    options.extraArms.map((arm) =>
      loadNamed<Arm>(arm, ({ start }) => typeof start === 'function', 'start()'),
    ),
  );
  const host = hostFacts();
  const openHosts = await startSimulatedHosts(2, { slots: 16, tokensPerSecond: 200 });
  const streamHosts = await startSimulatedHosts(2, {
    slots: streams / 2,
    tokensPerSecond: streamTokensPerSecond,
  });
  const arms = [directArm, droverArm, ...extraArms];
  const figures = new Map<string, RoundFigures[]>(arms.map((arm) => [arm.name, []]));
  const running: { arm: Arm; open: RunningArm; stream: RunningArm }[] = [];
  try {
    for (const arm of arms) {
      running.push({
        arm,
        open: await arm.start(openHosts.hosts),
        stream: await arm.start(streamHosts.hosts),
      });
      options.progress(`${arm.name} is up`);
    }
    for (const { open, stream } of running) {
      await openLoopRound(open, 2_000);
      await streamRound(stream, 5);
    }
    for (let round = 0; round < rounds; round += 1) {
      const order = round % 2 === 0 ? running : running.toReversed();
      for (const { arm, open, stream } of order) {
        const latency = await openLoopRound(open, size.openLoopMs);
        const gaps = await streamRound(stream, size.streamTokens);
        const done: RoundFigures = { ...latency, ...gaps };
        figures.get(arm.name)?.push(done);
        options.progress(
          `round ${round + 1}/${rounds} ${arm.name}: first token p50 ${rounded(done.p50Ms, 2)} ms, p99 ${rounded(done.p99Ms, 2)} ms; largest gap ${rounded(done.maxGapMs, 1)} ms`,
        );
      }
    }
  } finally {
    await Promise.all(running.flatMap(({ open, stream }) => [open.stop(), stream.stop()]));
    await Promise.all([openHosts.stop(), streamHosts.stop()]);
  }
  return report(options.quick, host, figures);
}

async function openLoopRound(arm: RunningArm, durationMs: number): Promise<{ p50Ms: number; p99Ms: number }> {
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

async function streamRound(
  arm: RunningArm,
  tokens: number,
): Promise<{ maxGapMs: number; cpuMicrosPerToken: Map<string, number> }> {
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
  figures: ReadonlyMap<string, readonly RoundFigures[]>,
): BenchReport {
  const arms: ArmRow[] = [];
  const ratios: { name: string; value: number }[] = [];
  for (const [arm, rounds] of figures) {
    arms.push(row(arm, 'open-50 first token p50', 'ms', spread(rounds.map((round) => round.p50Ms))));
    arms.push(row(arm, 'open-50 first token p99', 'ms', spread(rounds.map((round) => round.p99Ms))));
    arms.push(row(arm, 'streams-64 largest gap', 'ms', spread(rounds.map((round) => round.maxGapMs))));
    for (const name of rounds[0]?.cpuMicrosPerToken.keys() ?? []) {
      const values = rounds.map((round) => round.cpuMicrosPerToken.get(name) ?? Number.NaN);
      arms.push(row(arm, `streams-64 cpu ${name}`, 'us/token', spread(values)));
    }
  }
  const direct = figures.get('direct') ?? [];
  const drover = figures.get('drover') ?? [];
  const added = (pick: (round: RoundFigures) => number): number[] =>
    drover.map((round, index) => pick(round) - pick(direct[index] as RoundFigures));
  const addedP50 = added((round) => round.p50Ms);
  const addedP99 = added((round) => round.p99Ms);
  const addedGap = added((round) => round.maxGapMs);
  arms.push(row('drover', 'open-50 added first token p50', 'ms', spread(addedP50)));
  arms.push(row('drover', 'open-50 added first token p99', 'ms', spread(addedP99)));
  arms.push(row('drover', 'streams-64 added largest gap', 'ms', spread(addedGap)));
  for (const [arm, rounds] of figures) {
    if (arm === 'direct') continue;
    const pairs = rounds.map((round, index) => round.p50Ms / (direct[index] as RoundFigures).p50Ms);
    ratios.push({ name: `first token p50, ${arm} / direct`, value: rounded(median(pairs)) });
  }
  const bars = [
    bar('added time to first token p50', median(addedP50), { atMost: 3 }, 'ms'),
    bar('added time to first token p99', median(addedP99), { atMost: 20 }, 'ms'),
    bar('added inter-token gap, 64 streams at 20 tokens/s', Math.max(...addedGap), { atMost: 250 }, 'ms'),
  ];
  return { suite: 'smoke', quick, host, arms, ratios, bars };
}
