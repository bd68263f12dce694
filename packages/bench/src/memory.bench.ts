import { fileURLToPath } from 'node:url';
import { chooseWorkloads } from './choose-workloads.ts';
import { startServers } from './durability.ts';
import { Figures } from './figures.ts';
import { hostFacts } from './host-facts.ts';
import { runForJson } from './json-child.ts';
import drover from './memory/arms/drover.ts';
import natsClient from './memory/arms/nats-client.ts';
import type { MemoryOutcome } from './memory/client-main.ts';
import type { MemoryArm } from './memory/memory-arm.ts';
import { type MemoryWorkload, memoryOperationsOf, memoryWorkloads } from './memory/workloads.ts';
import { loadNamed } from './named-module.ts';
import { installPeers, loadPeerArm, peerArmFile } from './peers.ts';
import { type Bar, type BenchReport, bar, type Limit, row } from './report.ts';
import { rounded } from './statistics.ts';
import type { BenchForm, SuiteOptions } from './suite.ts';

const roundsOf: Readonly<Record<BenchForm, number>> = { full: 5, quick: 3, check: 1 };
const rowTimeoutMs = 180_000;

interface LoadedArm {
  readonly arm: MemoryArm;
  readonly file: string;
}

const ownArms: readonly (readonly [MemoryArm, string])[] = [
  [drover, 'drover'],
  [natsClient, 'nats-client'],
];

const measures: readonly (readonly [name: string, unit: string, of: (outcome: MemoryOutcome) => number])[] = [
  ['', 'ops/s', ({ perSecond }) => perSecond],
  [' p50', 'ms', ({ p50Ms }) => p50Ms],
  [' p95', 'ms', ({ p95Ms }) => p95Ms],
  [' p99', 'ms', ({ p99Ms }) => p99Ms],
];

/** Bars of our arm; those without the name of a durability are for one server with the default sync. */
const ownBars: readonly { figure: string; limit: Limit; unit: string }[] = [
  { figure: 'cached', limit: { atLeast: 1_000_000 }, unit: 'ops/s' },
  { figure: 'put-64', limit: { atLeast: 50_000 }, unit: 'ops/s' },
  { figure: 'put-64 p95', limit: { atMost: 2 }, unit: 'ms' },
  { figure: 'batch-500 three', limit: { atLeast: 40_000 }, unit: 'ops/s' },
  { figure: 'batch-500 any-one', limit: { atLeast: 25_000 }, unit: 'ops/s' },
  { figure: 'propagation p99', limit: { atMost: 20 }, unit: 'ms' },
];
const ratioBar: { readonly figure: string; readonly limit: Limit } = {
  figure: 'put-64',
  limit: { atLeast: 2.5 },
};

/**
 * Compares the replicated memory with the key-value client of NATS and with Redis. Each row has a fresh client process
 * and fresh servers. The arms alternate within a round.
 *
 * @throws Error when a process failed, or a value was not read as it was put
 */
export async function runMemory(options: SuiteOptions): Promise<BenchReport> {
  const host = hostFacts();
  const rows = memoryWorkloads.filter(({ isChecked }) => isChecked || options.form !== 'check');
  const chosen = chooseWorkloads(rows, options.only);
  const { arms, notes } = await loadArms(options);
  const figures = new Figures();
  const rounds = options.rounds ?? roundsOf[options.form];
  for (let round = 0; round < rounds; round += 1) {
    const turned = arms.map((_, index) => arms[(index + round) % arms.length] as LoadedArm);
    for (const workload of chosen)
      for (const arm of turned) await measureRow(arm, workload, options.form, figures);
    options.progress(`round ${round + 1}/${rounds}`);
  }
  return {
    suite: 'memory',
    quick: options.form !== 'full',
    host,
    notes: [
      'values of 128 B, 1,024 keys; a row without the name of a durability: one server with the default sync',
      ...notes,
      ...chosen.map(({ name, describes }) => `${name}: ${describes}`),
    ],
    arms: chosen.flatMap(({ name }) =>
      arms.flatMap(({ arm }) =>
        measures.flatMap(([measure, unit]) => {
          const values = figures.spread(`${name}${measure}`, arm.name);
          return values === undefined ? [] : [row(arm.name, `${name}${measure}`, unit, values)];
        }),
      ),
    ),
    ratios: arms.slice(1).flatMap(({ arm }) => {
      const value = figures.ratio(ratioBar.figure, drover.name, arm.name);
      return value === undefined ? [] : [{ name: `put-64 drover / ${arm.name}`, value: rounded(value) }];
    }),
    bars: judge(figures),
  };
}

async function loadArms(options: SuiteOptions): Promise<{ arms: LoadedArm[]; notes: string[] }> {
  const candidates: LoadedArm[] = ownArms.map(([arm, file]) => ({
    arm,
    file: fileURLToPath(new URL(`./memory/arms/${file}.js`, import.meta.url)),
  }));
  if (options.form !== 'check') {
    await installPeers(options.progress);
    const file = peerArmFile('memory', 'redis');
    candidates.push({ arm: await loadPeerArm<MemoryArm>(file), file });
  }
  for (const extra of options.extraArms) {
    const arm = await loadNamed<MemoryArm>(
      extra,
      ({ connect, version }) => typeof connect === 'function' && typeof version === 'function',
      'version() and connect()',
    );
    candidates.push({ arm, file: extra.file });
  }
  const notes: string[] = [];
  const arms = candidates.filter(({ arm }) => {
    try {
      notes.push(`arm ${arm.name} (${arm.version()}): ${arm.path}`);
      return true;
    } catch (error) {
      notes.push(`arm ${arm.name} is skipped: ${(error as Error).message}`);
      return false;
    }
  });
  return { arms, notes };
}

async function measureRow(
  { arm, file }: LoadedArm,
  workload: MemoryWorkload,
  form: BenchForm,
  figures: Figures,
): Promise<void> {
  const { durability } = workload;
  if (arm.durabilities?.includes(durability.name) === false) return;
  const script = fileURLToPath(new URL('./memory/client-main.js', import.meta.url));
  const count = String(memoryOperationsOf(workload, form));
  const servers = await startServers(durability);
  try {
    const outcome = await runForJson<Partial<MemoryOutcome>>(
      process.execPath,
      [script, file, servers.urls, durability.name, workload.workload, count],
      { timeoutMs: rowTimeoutMs },
    );
    if (!isMeasured(outcome)) return;
    for (const [measure, , of] of measures) figures.add(`${workload.name}${measure}`, arm.name, of(outcome));
  } catch (error) {
    throw new Error(`${arm.name}, ${workload.name}: ${(error as Error).message}`, { cause: error });
  } finally {
    await servers.dispose();
  }
}

function isMeasured(outcome: Partial<MemoryOutcome>): outcome is MemoryOutcome {
  return outcome.perSecond !== undefined;
}

function judge(figures: Figures): Bar[] {
  const bars = ownBars.flatMap(({ figure, limit, unit }) => {
    const values = figures.spread(figure, drover.name);
    return values === undefined ? [] : [bar(`${figure} drover`, values.median, limit, unit)];
  });
  const ratio = figures.ratio(ratioBar.figure, drover.name, natsClient.name);
  if (ratio === undefined) return bars;
  return [...bars, bar(`${ratioBar.figure} drover / ${natsClient.name}`, ratio, ratioBar.limit, 'x')];
}
