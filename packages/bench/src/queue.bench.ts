import { fileURLToPath } from 'node:url';
import { type NatsServer, startNatsServer } from '@drover/actor-core/testing';
import { chooseWorkloads } from './choose-workloads.ts';
import { Figures } from './figures.ts';
import { hostFacts } from './host-facts.ts';
import { runForJson } from './json-child.ts';
import type { QueueOutcome } from './queue/drive.ts';
import { type BenchReport, bar, row } from './report.ts';
import type { BenchForm, SuiteOptions } from './suite.ts';

interface Profile {
  readonly name: string;
  readonly describes: string;
  readonly configuration: string;
}

interface Size {
  readonly rounds: number;
  readonly depth: number;
  readonly operations: number;
}

const sizes: Readonly<Record<BenchForm, Size>> = {
  full: { rounds: 5, depth: 100_000, operations: 10_000 },
  quick: { rounds: 1, depth: 100_000, operations: 5_000 },
  check: { rounds: 1, depth: 500, operations: 200 },
};

const profiles: readonly Profile[] = [
  { name: 'process', describes: 'one server, default sync', configuration: '' },
  {
    name: 'power',
    describes: 'one server, every write synced',
    configuration: 'jetstream { sync_interval: always }\n',
  },
];

const arm = 'drover';
const operations = ['fill', 'put', 'take', 'ack'] as const;
type Outcomes = Readonly<Record<(typeof operations)[number], QueueOutcome>>;
const rowTimeoutMs = 580_000;

/**
 * Measures our durable queues on a fresh nats-server for each row: filling a queue, then putting, taking and
 * acknowledging at that depth. Rates are per second of wall clock time, client and server on one machine.
 *
 * @throws Error when a message was lost, refused or delivered twice
 */
export async function runQueue(options: SuiteOptions): Promise<BenchReport> {
  const host = hostFacts();
  const chosen = chooseWorkloads(profiles, options.only);
  const { depth, operations: count, rounds: usual } = sizes[options.form];
  const rounds = options.rounds ?? usual;
  const figures = new Figures();
  let version = '';
  for (let round = 0; round < rounds; round++)
    for (const profile of chosen) {
      const server = await startNatsServer({ configuration: profile.configuration });
      version = server.version;
      try {
        add(figures, profile, await runClient(server, depth, count));
      } finally {
        await server.dispose();
      }
      options.progress(`round ${round + 1}/${rounds} ${profile.name}: ${summary(figures, profile)}`);
    }
  return {
    suite: 'queue',
    quick: options.form !== 'full',
    host,
    notes: [
      `nats-server ${version}, bodies of 128 B, filled to ${depth.toLocaleString('en-US')} messages with 64 puts in flight; then ${count.toLocaleString('en-US')} puts (64 in flight), takes and acknowledgements (16 in flight)`,
      ...chosen.map(({ name, describes }) => `${name}: ${describes}`),
      'not measured: three servers; BullMQ on Redis',
    ],
    arms: chosen.flatMap((profile) =>
      measuresOf(profile).flatMap(({ figure, unit }) => {
        const values = figures.spread(figure, arm);
        return values === undefined ? [] : [row(arm, figure, unit, values)];
      }),
    ),
    ratios: [],
    bars: judge(figures),
  };
}

function measuresOf({ name }: Profile): readonly { figure: string; unit: string }[] {
  return operations.flatMap((operation) => [
    { figure: `${name} ${operation}`, unit: 'ops/s' },
    { figure: `${name} ${operation} p50`, unit: 'ms' },
    { figure: `${name} ${operation} p99`, unit: 'ms' },
  ]);
}

function add(figures: Figures, { name }: Profile, outcomes: Outcomes): void {
  for (const operation of operations) {
    const { perSecond, p50Ms, p99Ms } = outcomes[operation];
    figures.add(`${name} ${operation}`, arm, perSecond);
    figures.add(`${name} ${operation} p50`, arm, p50Ms);
    figures.add(`${name} ${operation} p99`, arm, p99Ms);
  }
}

/** A deep queue must not be slower than an empty one: its puts are compared with those that filled it. */
function judge(figures: Figures): BenchReport['bars'] {
  const full = figures.spread('process put', arm);
  const filling = figures.spread('process fill', arm);
  if (full === undefined || filling === undefined) return [];
  return [
    bar('process: put at depth / put while filling', full.median / filling.median, { atLeast: 0.7 }, 'x'),
  ];
}

function summary(figures: Figures, { name }: Profile): string {
  return operations
    .map((operation) => {
      const values = figures.spread(`${name} ${operation}`, arm);
      return `${operation} ${Math.round(values?.median ?? 0).toLocaleString('en-US')}`;
    })
    .join(', ');
}

async function runClient(server: NatsServer, depth: number, count: number): Promise<Outcomes> {
  const script = fileURLToPath(new URL('./queue/client-main.js', import.meta.url));
  return runForJson(process.execPath, [script, server.url, String(depth), String(count)], {
    timeoutMs: rowTimeoutMs,
  });
}
