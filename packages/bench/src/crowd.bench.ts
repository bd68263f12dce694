import type { Arm, RunningArm } from './arm.ts';
import { type ChatOutcome, runChatStream } from './chat-stream.ts';
import { cpuSeconds, residentBytes } from './cpu-usage.ts';
import { type CrowdOutcome, startCrowd } from './crowd/crowd.ts';
import { nodesNotAlive, type ProbeResult, probe } from './crowd/probes.ts';
import { directArm } from './direct-arm.ts';
import { droverArm } from './drover-arm.ts';
import { hostFacts } from './host-facts.ts';
import { UsageError } from './named-module.ts';
import { runOpenLoop } from './open-loop.ts';
import { percentile } from './percentile.ts';
import { type ArmRow, type BenchReport, bar, row } from './report.ts';
import { startSimulatedHosts } from './simulated-hosts.ts';
import { rounded, spread } from './statistics.ts';
import type { BenchForm, SuiteOptions } from './suite.ts';

/** Sizes of the suite. */
interface Size {
  readonly streams: number;
  /** Time for which newcomers arrive; begins when all streams of the crowd run. */
  readonly durationMs: number;
  readonly rampMs: number;
  /** Time for which the crowd streams on after the last newcomer. */
  readonly spareMs: number;
}

const sizes: Readonly<Record<BenchForm, Size>> = {
  full: { streams: 1_000, durationMs: 60_000, rampMs: 5_000, spareMs: 10_000 },
  quick: { streams: 200, durationMs: 6_000, rampMs: 1_000, spareMs: 4_000 },
  check: { streams: 100, durationMs: 1_000, rampMs: 500, spareMs: 500 },
};

const tokensPerSecond = 20;
const newcomersPerSecond = 20;
const newcomerTokens = 16;
const probesPerSecond = 20;
const statusEveryMs = 1_000;
/** Time within which all streams of the crowd must have their first token. */
const beginTimeoutMs = 120_000;
const answerTimeoutMs = 30_000;

/** Measurements of one arm. */
interface Round {
  readonly crowd: CrowdOutcome;
  readonly newcomers: readonly ChatOutcome[];
  readonly health: readonly ProbeResult[];
  readonly notAlive: readonly string[];
  readonly statusFailures: number;
  /** Share of one core that each process used while newcomers arrived. */
  readonly cores: ReadonlyMap<string, number>;
  readonly residentBytes: ReadonlyMap<string, number>;
}

/**
 * Measures, while a thousand clients stream, how long a new client waits for its first token and a health check for
 * its answer, each on its own connection. The arm `direct` is the control: the same load goes to the hosts without
 * Drover, on the same cores.
 *
 * @throws Error when the streams of a crowd do not start in time; in the form `check` also when an answer was not whole
 */
export async function runCrowd(options: SuiteOptions): Promise<BenchReport> {
  if (options.only.length > 0 || options.extraArms.length > 0)
    throw new UsageError('crowd has no workloads and no further arms');
  const size = sizes[options.form];
  const host = hostFacts();
  const direct = await runArm(directArm, '/api/version', size, options.progress);
  const drover = await runArm(droverArm, '/healthz', size, options.progress);
  if (options.form === 'check' && notWhole(drover) > 0)
    throw new Error(`${notWhole(drover)} answers were not whole: ${tell(drover)}`);
  return report(options.form !== 'full', host, direct, drover);
}

async function runArm(
  arm: Arm,
  healthPath: string,
  size: Size,
  progress: (line: string) => void,
): Promise<Round> {
  // Enough slots for crowd and newcomers: the suite measures the way to the hosts, not their queues.
  const slots = Math.ceil(size.streams / 2) + 200;
  const hosts = await startSimulatedHosts(2, { slots, tokensPerSecond });
  let running: RunningArm | undefined;
  try {
    running = await arm.start(hosts.hosts);
    await warmUp(running);
    const round = await runRound(running, healthPath, size);
    progress(`${arm.name}: ${tell(round)}`);
    return round;
  } finally {
    await running?.stop();
    await hosts.stop();
  }
}

async function warmUp(arm: RunningArm): Promise<void> {
  await Promise.all(Array.from({ length: 20 }, (_, index) => newcomer(arm, index, performance.now())));
}

function newcomer(arm: RunningArm, index: number, intendedAtMs: number): Promise<ChatOutcome> {
  return runChatStream(arm.urlFor(index), {
    model: 'sim-count',
    numPredict: newcomerTokens,
    intendedAtMs,
    timeoutMs: answerTimeoutMs,
    newConnection: true,
  });
}

async function runRound(arm: RunningArm, healthPath: string, size: Size): Promise<Round> {
  const urls = [arm.urlFor(0), arm.urlFor(1)];
  const tokens = Math.ceil(((size.durationMs + size.rampMs + size.spareMs) / 1_000) * tokensPerSecond);
  const crowd = await startCrowd(
    urls,
    { streams: size.streams, tokens, rampMs: size.rampMs },
    beginTimeoutMs,
  );
  try {
    const before = arm.processes.map(({ pid }) => cpuSeconds(pid) ?? Number.NaN);
    const beganAtMs = performance.now();
    const health = new URL(healthPath, urls[0]);
    const status = new URL('/api/v1/status', urls[0]);
    const [newcomers, probes, states] = await Promise.all([
      runOpenLoop(newcomersPerSecond, size.durationMs, (index, atMs) => newcomer(arm, index, atMs)),
      runOpenLoop(probesPerSecond, size.durationMs, (_, atMs) => probe(health, atMs, answerTimeoutMs)),
      arm.processes.length === 0
        ? []
        : runOpenLoop(1_000 / statusEveryMs, size.durationMs, (_, atMs) =>
            probe(status, atMs, answerTimeoutMs),
          ),
    ]);
    const seconds = (performance.now() - beganAtMs) / 1_000;
    const cores = new Map(
      arm.processes.map(({ name, pid }, index) => [
        name,
        ((cpuSeconds(pid) ?? Number.NaN) - (before[index] as number)) / seconds,
      ]),
    );
    const resident = new Map(arm.processes.map(({ name, pid }) => [name, residentBytes(pid) ?? Number.NaN]));
    const answered = states.filter(({ status: code }) => code === 200);
    return {
      crowd: await crowd.outcome,
      newcomers,
      health: probes,
      notAlive: [...new Set(answered.flatMap(({ body }) => nodesNotAlive(body)))],
      statusFailures: states.length - answered.length,
      cores,
      residentBytes: resident,
    };
  } finally {
    await crowd.stop();
  }
}

const firstTokens = (round: Round): number[] =>
  round.newcomers.map(({ firstLineMs }) => (Number.isNaN(firstLineMs) ? answerTimeoutMs : firstLineMs));

const healthTimes = (round: Round): number[] =>
  round.health.map(({ tookMs, status }) => (status === 200 ? tookMs : answerTimeoutMs));

/** Number of incomplete answers of the crowd and of newcomers. */
function notWhole(round: Round): number {
  const newcomers = round.newcomers.filter(({ verified }) => !verified).length;
  return newcomers + round.crowd.streams - round.crowd.whole;
}

function tell(round: Round): string {
  const problems = new Set([
    ...round.crowd.problems,
    ...round.newcomers.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
  ]);
  const cores = [...round.cores].map(([name, used]) => `${name} ${rounded(used, 2)}`).join(', ');
  return [
    `first token p50 ${rounded(percentile(firstTokens(round), 0.5), 0)} ms, p99 ${rounded(percentile(firstTokens(round), 0.99), 0)} ms`,
    `health p50 ${rounded(percentile(healthTimes(round), 0.5), 0)} ms, p99 ${rounded(percentile(healthTimes(round), 0.99), 0)} ms`,
    `largest gap ${rounded(round.crowd.maxGapMs, 0)} ms`,
    `${notWhole(round)} not whole${problems.size > 0 ? ` (${[...problems].slice(0, 3).join('; ')})` : ''}`,
    ...(cores === '' ? [] : [`cores: ${cores}`]),
  ].join(', ');
}

function report(quick: boolean, host: BenchReport['host'], direct: Round, drover: Round): BenchReport {
  const arms: ArmRow[] = [];
  for (const [arm, round] of [
    ['direct', direct],
    ['drover', drover],
  ] as const) {
    for (const part of [0.5, 0.99]) {
      const name = `p${part * 100}`;
      arms.push(
        row(arm, `newcomer first token ${name}`, 'ms', spread([percentile(firstTokens(round), part)])),
      );
      arms.push(row(arm, `health ${name}`, 'ms', spread([percentile(healthTimes(round), part)])));
    }
    arms.push(row(arm, 'largest gap of the crowd', 'ms', spread([round.crowd.maxGapMs])));
    for (const [name, used] of round.cores) arms.push(row(arm, `cpu ${name}`, 'cores', spread([used])));
    for (const [name, bytes] of round.residentBytes)
      arms.push(row(arm, `memory ${name}`, 'MB', spread([bytes / 1e6])));
  }
  const control = percentile(firstTokens(direct), 0.99);
  const bars = [
    bar('health p99', percentile(healthTimes(drover), 0.99), { atMost: 250 }, 'ms'),
    bar(
      'first token of a newcomer p99, 2 s or three times the control',
      percentile(firstTokens(drover), 0.99),
      { atMost: Math.max(2_000, rounded(3 * control, 0)) },
      'ms',
    ),
    bar('answers that were not whole', notWhole(drover), { atMost: 0 }, 'answers'),
    bar('nodes judged dead', drover.notAlive.length, { atMost: 0 }, 'nodes'),
    bar('status without an answer', drover.statusFailures, { atMost: 0 }, 'answers'),
  ];
  const notes = [
    `${drover.crowd.streams} streams at ${tokensPerSecond} tokens/s; ${newcomersPerSecond} newcomers and ${probesPerSecond} health checks a second, each on a new connection.`,
    'Hosts, clients and Drover share the cores; direct is the same load without Drover.',
    ...(drover.notAlive.length > 0 ? [`judged dead: ${drover.notAlive.join(', ')}`] : []),
  ];
  return { suite: 'crowd', quick, host, notes, arms, ratios: [], bars };
}
