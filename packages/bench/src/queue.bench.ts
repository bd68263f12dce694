import { fileURLToPath } from 'node:url';
import { chooseWorkloads } from './choose-workloads.ts';
import { type Durability, durabilities, startServers } from './durability.ts';
import { Figures } from './figures.ts';
import { hostFacts } from './host-facts.ts';
import { runForJson } from './json-child.ts';
import { installPeers, loadPeerArm, peerArmFile } from './peers.ts';
import drover from './queue/arms/drover.ts';
import type { QueueOutcome } from './queue/drive.ts';
import type { QueueArm } from './queue/queue-arm.ts';
import { type BenchReport, bar, row } from './report.ts';
import type { BenchForm, SuiteOptions } from './suite.ts';

interface Size {
  readonly rounds: number;
  readonly depth: number;
  readonly operations: number;
}

const sizes: Readonly<Record<BenchForm, Size>> = {
  full: { rounds: 3, depth: 100_000, operations: 10_000 },
  quick: { rounds: 1, depth: 100_000, operations: 5_000 },
  check: { rounds: 1, depth: 500, operations: 200 },
};

interface LoadedArm {
  readonly arm: QueueArm;
  readonly file: string;
}

const operations = ['fill', 'put', 'take', 'ack'] as const;
type Outcomes = Readonly<Record<(typeof operations)[number], QueueOutcome>>;
const rowTimeoutMs = 580_000;

/**
 * Measures durable queues on fresh servers for each row: filling a queue, then putting, taking and acknowledging at
 * that depth. Rates are per second of wall clock time, client and server on one machine. The arms alternate within a
 * round.
 *
 * @throws Error when a message was lost, refused or delivered twice
 */
export async function runQueue(options: SuiteOptions): Promise<BenchReport> {
  const host = hostFacts();
  const chosen = chooseWorkloads(Object.values(durabilities), options.only);
  const { depth, operations: count, rounds: usual } = sizes[options.form];
  const rounds = options.rounds ?? usual;
  const { arms, notes } = await loadArms(options);
  const figures = new Figures();
  for (let round = 0; round < rounds; round++)
    for (const durability of chosen)
      for (const loaded of arms) {
        if (loaded.arm.durabilities?.includes(durability.name) === false) continue;
        add(figures, loaded, durability, await measureRow(loaded, durability, depth, count));
        const told = summary(figures, loaded, durability);
        options.progress(`round ${round + 1}/${rounds} ${durability.name} ${loaded.arm.name}: ${told}`);
      }
  return {
    suite: 'queue',
    quick: options.form !== 'full',
    host,
    notes: [
      `bodies of 128 B, filled to ${depth.toLocaleString('en-US')} messages with 64 puts in flight; then ${count.toLocaleString('en-US')} puts (64 in flight), takes and acknowledgements (16 in flight)`,
      ...notes,
      ...chosen.map(({ name, describes }) => `${name}: ${describes}`),
    ],
    arms: chosen.flatMap((durability) =>
      arms.flatMap(({ arm }) =>
        measuresOf(durability).flatMap(({ figure, unit }) => {
          const values = figures.spread(figure, arm.name);
          return values === undefined ? [] : [row(arm.name, figure, unit, values)];
        }),
      ),
    ),
    ratios: arms.slice(1).flatMap(({ arm }) =>
      chosen.flatMap(({ name }) =>
        operations.flatMap((operation) => {
          const value = figures.ratio(`${name} ${operation}`, drover.name, arm.name);
          return value === undefined ? [] : [{ name: `${name} ${operation} drover / ${arm.name}`, value }];
        }),
      ),
    ),
    bars: judge(figures),
  };
}

async function loadArms(options: SuiteOptions): Promise<{ arms: LoadedArm[]; notes: string[] }> {
  const file = fileURLToPath(new URL('./queue/arms/drover.js', import.meta.url));
  const candidates: LoadedArm[] = [{ arm: drover, file }];
  if (options.form !== 'check') {
    await installPeers(options.progress);
    const peer = peerArmFile('queue', 'bullmq');
    candidates.push({ arm: await loadPeerArm<QueueArm>(peer), file: peer });
  }
  const notes: string[] = [];
  const arms = candidates.filter(({ arm }) => {
    try {
      notes.push(`arm ${arm.name} (${arm.version()}): ${arm.path}`);
      return true;
    } catch (error) {
      notes.push(`arm ${arm.name} is not available: ${(error as Error).message}`);
      return false;
    }
  });
  return { arms, notes };
}

async function measureRow(
  { arm, file }: LoadedArm,
  durability: Durability,
  depth: number,
  count: number,
): Promise<Outcomes> {
  const script = fileURLToPath(new URL('./queue/client-main.js', import.meta.url));
  const servers = await startServers(durability);
  const args = [script, file, servers.urls, durability.name, String(depth), String(count)];
  try {
    return await runForJson<Outcomes>(process.execPath, args, { timeoutMs: rowTimeoutMs });
  } catch (error) {
    throw new Error(`${arm.name}, ${durability.name}: ${(error as Error).message}`, { cause: error });
  } finally {
    await servers.dispose();
  }
}

function measuresOf({ name }: Durability): readonly { figure: string; unit: string }[] {
  return operations.flatMap((operation) => [
    { figure: `${name} ${operation}`, unit: 'ops/s' },
    { figure: `${name} ${operation} p50`, unit: 'ms' },
    { figure: `${name} ${operation} p99`, unit: 'ms' },
  ]);
}

function add(figures: Figures, { arm }: LoadedArm, { name }: Durability, outcomes: Outcomes): void {
  for (const operation of operations) {
    const { perSecond, p50Ms, p99Ms } = outcomes[operation];
    figures.add(`${name} ${operation}`, arm.name, perSecond);
    figures.add(`${name} ${operation} p50`, arm.name, p50Ms);
    figures.add(`${name} ${operation} p99`, arm.name, p99Ms);
  }
}

/** A deep queue must not be slower than an empty one: its puts are compared with those that filled it. */
function judge(figures: Figures): BenchReport['bars'] {
  const full = figures.spread('process put', drover.name);
  const filling = figures.spread('process fill', drover.name);
  if (full === undefined || filling === undefined) return [];
  return [
    bar('process: put at depth / put while filling', full.median / filling.median, { atLeast: 0.7 }, 'x'),
  ];
}

function summary(figures: Figures, { arm }: LoadedArm, { name }: Durability): string {
  return operations
    .map((operation) => {
      const values = figures.spread(`${name} ${operation}`, arm.name);
      return `${operation} ${Math.round(values?.median ?? 0).toLocaleString('en-US')}`;
    })
    .join(', ');
}
