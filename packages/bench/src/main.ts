import { parseArgs } from 'node:util';
import { runActors } from './actors.bench.ts';
import { runCluster } from './cluster.bench.ts';
import { runCrowd } from './crowd.bench.ts';
import { runFill } from './fill.bench.ts';
import { runGateway } from './gateway.bench.ts';
import { parseNamedModule, UsageError } from './named-module.ts';
import { formatReport, writeReport } from './report.ts';
import { runQueue } from './queue.bench.ts';
import { runRemote } from './remote.bench.ts';
import { runSmoke } from './smoke.bench.ts';
import { runSoak } from './soak.bench.ts';
import { runMemory } from './memory.bench.ts';
import { runStorage } from './storage.bench.ts';
import type { Suite, SuiteOptions } from './suite.ts';

const usage = `usage: npm run bench -- SUITE [--quick | --check] [--report-only] [--json FILE] [--arm NAME=PATH]… [--only WORKLOAD]… [--rounds N]

suites
  smoke   what Drover adds to the first token and between tokens, beside the same hosts reached directly
  actors  our actor runtime beside nact, comedy, XState, Erlang/OTP and a plain function call, in one process
  remote  our remote refs beside Moleculer and the plain NATS client, two processes over a nats-server
  crowd   a thousand streams while others arrive: first tokens and health checks, beside the hosts reached directly
  gateway ways from a client to a host over HTTP: none, proxies, the plainest gateway over NATS, and Drover
  cluster how long the cluster has no leader, and compare-and-sets, also of five nodes on one key
  memory  the replicated memory beside the key-value client of NATS and Redis
  storage our bucket, queue and fenced writes beside the stock clients of NATS JetStream, one replica
  queue   our durable queues beside BullMQ at a depth of 100,000 messages, by durability
  fill    one bucket filled up to its cap, most of the disk in the full form: rates, and the time of a restart
  soak    ten minutes of everything the runtime does, at half load: memory, tables, lost messages, stray rejections

example
  npm run bench -- actors --quick --json out.json
`;

const suites: Readonly<Record<string, Suite>> = {
  smoke: runSmoke,
  actors: runActors,
  remote: runRemote,
  crowd: runCrowd,
  gateway: runGateway,
  cluster: runCluster,
  memory: runMemory,
  storage: runStorage,
  queue: runQueue,
  fill: runFill,
  soak: runSoak,
};

/** Runs one suite. Exit code: 0: every bar is met · 1: a bar is missed or a row failed · 2: wrong usage. */
export async function benchMain(argv: readonly string[]): Promise<number> {
  try {
    return await runBench(argv);
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    if (!(error instanceof UsageError)) return 1;
    process.stderr.write(usage);
    return 2;
  }
}

async function runBench(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine(argv);
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const suite = Object.hasOwn(suites, positionals[0] ?? '') ? suites[positionals[0] as string] : undefined;
  if (suite === undefined || positionals.length > 1)
    throw new UsageError(`no suite ${JSON.stringify(positionals.join(' '))}`);
  const options: SuiteOptions = {
    form: values.check === true ? 'check' : values.quick === true ? 'quick' : 'full',
    extraArms: (values.arm ?? []).map(parseNamedModule),
    only: values.only ?? [],
    rounds: parseRounds(values.rounds),
    progress: (line) => process.stderr.write(`${line}\n`),
  };
  const report = await suite(options);
  if (options.form === 'check') {
    process.stdout.write(`${report.suite}: every answer was right\n`);
    return 0;
  }
  process.stdout.write(formatReport(report));
  if (values.json !== undefined) writeReport(report, values.json);
  // Figures of a short run on a shared machine must not fail a build. A wrong answer has thrown an error before.
  if (values['report-only'] === true) return 0;
  return report.bars.every((entry) => entry.met) ? 0 : 1;
}

function parseCommandLine(argv: readonly string[]): {
  values: {
    quick?: boolean;
    check?: boolean;
    'report-only'?: boolean;
    json?: string;
    arm?: string[];
    only?: string[];
    rounds?: string;
    help?: boolean;
  };
  positionals: string[];
} {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        check: { type: 'boolean' },
        'report-only': { type: 'boolean' },
        json: { type: 'string' },
        arm: { type: 'string', multiple: true },
        only: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function parseRounds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rounds = Number(text);
  if (!(Number.isInteger(rounds) && rounds >= 1))
    throw new UsageError(`--rounds takes a whole number of at least 1 (got ${text})`);
  return rounds;
}
