import { fileURLToPath } from 'node:url';
import { Electorate } from './cluster/electorate.ts';
import type { SwapOutcome } from './cluster/swap-main.ts';
import { swapRows, swapsOf } from './cluster/swap-rows.ts';
import { chooseWorkloads } from './choose-workloads.ts';
import { type Durability, durabilities, startServers } from './durability.ts';
import { Figures } from './figures.ts';
import { hostFacts } from './host-facts.ts';
import { runForJson } from './json-child.ts';
import { type ArmRow, type Bar, type BenchReport, bar, row } from './report.ts';
import type { BenchForm, SuiteOptions } from './suite.ts';

const arm = 'drover';
const rowTimeoutMs = 120_000;
const candidates = ['c1', 'c2', 'c3'];
const roundsOf: Readonly<Record<BenchForm, number>> = { full: 3, quick: 1, check: 1 };
/** Elections of each kind in one round. */
const electionsOf: Readonly<Record<BenchForm, number>> = { full: 10, quick: 3, check: 1 };

const elections: readonly { name: string; describes: string }[] = [
  {
    name: 'election killed',
    describes: 'from the SIGKILL of the leader until another node knows its successor',
  },
  { name: 'election handed over', describes: 'from the request until another node knows the successor' },
];
const swapMeasures: readonly (readonly [name: string, unit: string, of: (outcome: SwapOutcome) => number])[] =
  [
    ['', 'ops/s', ({ perSecond }) => perSecond],
    [' p50', 'ms', ({ p50Ms }) => p50Ms],
    [' p99', 'ms', ({ p99Ms }) => p99Ms],
    [' refused', 'per accepted', ({ refused }) => refused],
  ];

/**
 * Measures how long the cluster has no leader, and compare-and-sets of the replicated memory, on one server and on
 * three. Three candidates run in processes of their own.
 *
 * @throws Error when no successor came, or a compare-and-set was lost
 */
export async function runCluster(options: SuiteOptions): Promise<BenchReport> {
  const host = hostFacts();
  const { process: one, 'any-one': three } = durabilities;
  const chosen = chooseWorkloads(options.form === 'check' ? [one] : [one, three], options.only);
  const rounds = options.rounds ?? roundsOf[options.form];
  const figures = new Figures();
  for (let round = 0; round < rounds; round++)
    for (const durability of chosen) {
      await measureElections(durability, options.form, figures);
      await measureSwaps(durability, options.form, figures);
      options.progress(`round ${round + 1}/${rounds} ${durability.name}`);
    }
  return {
    suite: 'cluster',
    quick: options.form !== 'full',
    host,
    notes: [
      `three candidates in processes of their own; ${electionsOf[options.form]} elections of each kind in a round`,
      ...elections.map(({ name, describes }) => `${name}: ${describes}`),
      ...swapRows.map(({ name, describes }) => `${name}: a counter is counted up; ${describes}`),
      ...chosen.map(({ name, describes }) => `${name}: ${describes}`),
    ],
    arms: chosen.flatMap((durability) => rowsOf(durability, figures)),
    ratios: [],
    bars: chosen.flatMap(({ name }) => barOf(`${name} election killed`, figures)),
  };
}

async function measureElections(durability: Durability, form: BenchForm, figures: Figures): Promise<void> {
  const servers = await startServers(durability);
  try {
    const electorate = await Electorate.start(servers.urls, candidates, durability.replicas);
    try {
      for (let count = 0; count < electionsOf[form]; count++) {
        figures.add(`${durability.name} election killed`, arm, await electorate.kill());
        figures.add(`${durability.name} election handed over`, arm, await electorate.handOver());
      }
    } finally {
      await electorate.dispose();
    }
  } finally {
    await servers.dispose();
  }
}

async function measureSwaps(durability: Durability, form: BenchForm, figures: Figures): Promise<void> {
  const script = fileURLToPath(new URL('./cluster/swap-main.js', import.meta.url));
  for (const entry of swapRows) {
    const servers = await startServers(durability);
    const args = [
      script,
      servers.urls,
      String(durability.replicas),
      entry.name,
      String(swapsOf(entry, form)),
    ];
    try {
      const outcome = await runForJson<SwapOutcome>(process.execPath, args, { timeoutMs: rowTimeoutMs });
      for (const [measure, , of] of swapMeasures)
        figures.add(`${durability.name} ${entry.name}${measure}`, arm, of(outcome));
    } finally {
      await servers.dispose();
    }
  }
}

function rowsOf({ name }: Durability, figures: Figures): ArmRow[] {
  const named: (readonly [figure: string, unit: string])[] = [
    ...elections.map((election) => [`${name} ${election.name}`, 'ms'] as const),
    ...swapRows.flatMap((entry) =>
      swapMeasures.map(([measure, unit]) => [`${name} ${entry.name}${measure}`, unit] as const),
    ),
  ];
  return named.flatMap(([figure, unit]) => {
    const values = figures.spread(figure, arm);
    return values === undefined ? [] : [row(arm, figure, unit, values)];
  });
}

/** The bar of DESIGN for a leader that fails is 3 s at the 99th percentile; the slowest of these is judged. */
function barOf(figure: string, figures: Figures): Bar[] {
  const values = figures.spread(figure, arm);
  return values === undefined ? [] : [bar(`${figure}, slowest`, values.max, { atMost: 3_000 }, 'ms')];
}
