import { fileURLToPath } from 'node:url';
import { type NatsServer, startNatsServer } from '@drover/actor-core/testing';
import { cpuSeconds } from './cpu-usage.ts';
import { Figures } from './figures.ts';
import { hostFacts } from './host-facts.ts';
import { runForJson } from './json-child.ts';
import { loadNamed } from './named-module.ts';
import { type ArmRow, type Bar, type BenchReport, bar, type Limit, row } from './report.ts';
import { rounded } from './statistics.ts';
import drover from './storage/arms/drover.ts';
import natsClient from './storage/arms/nats-client.ts';
import { type StorageOutcome, warmUpShare } from './storage/drive.ts';
import type { StorageArm } from './storage/storage-arm.ts';
import { operationsOf, type StorageWorkload, storageWorkloads } from './storage/workloads.ts';
import type { BenchForm, SuiteOptions } from './suite.ts';
import { chooseWorkloads } from './choose-workloads.ts';

const roundsOf: Readonly<Record<BenchForm, number>> = { full: 5, quick: 3, check: 1 };
const rowTimeoutMs = 120_000;

interface LoadedArm {
  readonly arm: StorageArm;
  readonly file: string;
}

const ownArms: readonly (readonly [StorageArm, string])[] = [
  [drover, 'drover'],
  [natsClient, 'nats-client'],
];

/** Figures of one workload, each with its unit. */
const measures: readonly (readonly [name: string, unit: string])[] = [
  ['', 'ops/s'],
  [' p50', 'ms'],
  [' p95', 'ms'],
  [' client CPU', 'us/op'],
  [' nats-server CPU', 'us/op'],
];

/** Bars of one server that syncs at its default interval: a ratio to the stock client, and absolute figures. */
const ratioBars: readonly { figure: string; limit: Limit }[] = [
  { figure: 'put-64', limit: { atLeast: 2.5 } },
];
const ownBars: readonly { figure: string; limit: Limit; unit: string }[] = [
  { figure: 'put-64', limit: { atLeast: 50_000 }, unit: 'ops/s' },
  { figure: 'put-64 p95', limit: { atMost: 2 }, unit: 'ms' },
];

/**
 * Compares our bucket and queue with the stock clients of NATS, and measures our fenced writes. Each row has a fresh
 * client process and a fresh nats-server with one replica and the default sync. The arms alternate within a round.
 * Rates are per second of wall clock time; the CPU times of client and server stand beside them.
 *
 * @throws Error when a process failed, an answer was wrong, or a written value was not read back
 */
export async function runStorage(options: SuiteOptions): Promise<BenchReport> {
  const host = hostFacts();
  const chosen = chooseWorkloads(storageWorkloads, options.only);
  const { arms, notes } = await loadArms(options);
  const figures = new Figures();
  const version =
    options.form === 'check'
      ? await checkAll(arms, chosen)
      : await measureRounds(arms, chosen, options, figures);
  return {
    suite: 'storage',
    quick: options.form !== 'full',
    host,
    notes: [
      `nats-server ${version}, one replica, default sync, values of 128 B, 1,024 keys`,
      ...notes,
      ...chosen.map(({ name, describes, inFlight }) => `${name}: ${describes}, ${inFlight} in flight`),
    ],
    arms: rows(chosen, arms, figures),
    ratios: ratios(chosen, arms, figures),
    bars: judge(figures),
  };
}

async function loadArms(options: SuiteOptions): Promise<{ arms: LoadedArm[]; notes: string[] }> {
  const candidates: LoadedArm[] = ownArms.map(([arm, file]) => ({
    arm,
    file: fileURLToPath(new URL(`./storage/arms/${file}.js`, import.meta.url)),
  }));
  for (const extra of options.extraArms) {
    const arm = await loadNamed<StorageArm>(
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
      notes.push(
        `arm ${arm.name} is not available: ${(error as Error).message}; the bars against it are not judged`,
      );
      return false;
    }
  });
  return { arms, notes };
}

/** Runs every workload once, those of an arm in one process, and the arms at the same time. */
async function checkAll(arms: readonly LoadedArm[], chosen: readonly StorageWorkload[]): Promise<string> {
  const versions = await Promise.all(
    arms.map((arm) =>
      withServer(async (server) => {
        await runClient(server, arm, chosen, 'check');
        return server.version;
      }),
    ),
  );
  return versions[0] ?? '';
}

async function measureRounds(
  arms: readonly LoadedArm[],
  chosen: readonly StorageWorkload[],
  options: SuiteOptions,
  figures: Figures,
): Promise<string> {
  const rounds = options.rounds ?? roundsOf[options.form];
  let version = '';
  for (let round = 0; round < rounds; round += 1) {
    const turned = arms.map((_, index) => arms[(index + round) % arms.length] as LoadedArm);
    for (const workload of chosen) {
      for (const arm of turned)
        version = await withServer(async (server) => {
          await measureRow(server, arm, workload, options.form, figures);
          return server.version;
        });
      options.progress(`round ${round + 1}/${rounds} ${workload.name}: ${summary(workload, arms, figures)}`);
    }
  }
  return version;
}

async function withServer<T>(use: (server: NatsServer) => Promise<T>): Promise<T> {
  const server = await startNatsServer();
  try {
    return await use(server);
  } finally {
    await server.dispose();
  }
}

async function measureRow(
  server: NatsServer,
  loaded: LoadedArm,
  workload: StorageWorkload,
  form: BenchForm,
  figures: Figures,
): Promise<void> {
  const outcome = (await runClient(server, loaded, [workload], form))[workload.name];
  if (outcome === undefined) return;
  const { operations, wallMicros, cpuMicros, p50Micros, p95Micros } = outcome;
  const serverMicros = (cpuSeconds(server.pid) ?? Number.NaN) * 1e6;
  const values = [
    (operations * 1e6) / wallMicros,
    p50Micros / 1_000,
    p95Micros / 1_000,
    cpuMicros / operations,
    // Its whole life: start, warm-up and reading back are a part of it.
    serverMicros / (operations * (1 + warmUpShare)),
  ];
  for (const [index, [measure]] of measures.entries())
    figures.add(`${workload.name}${measure}`, loaded.arm.name, values[index] as number);
}

async function runClient(
  server: NatsServer,
  { arm, file }: LoadedArm,
  chosen: readonly StorageWorkload[],
  form: BenchForm,
): Promise<Readonly<Record<string, StorageOutcome>>> {
  const script = fileURLToPath(new URL('./storage/client-main.js', import.meta.url));
  const sizes = chosen.map((workload) => `${workload.name}=${operationsOf(workload, form)}`);
  try {
    return await runForJson(process.execPath, [script, file, server.url, ...sizes], {
      timeoutMs: rowTimeoutMs,
    });
  } catch (error) {
    const names = chosen.map(({ name }) => name).join(', ');
    throw new Error(`${arm.name}, ${names}: ${(error as Error).message}`, { cause: error });
  }
}

function summary({ name }: StorageWorkload, arms: readonly LoadedArm[], figures: Figures): string {
  return arms
    .flatMap(({ arm }) => {
      const values = figures.spread(name, arm.name);
      return values === undefined ? [] : [`${arm.name} ${Math.round(values.median).toLocaleString('en-US')}`];
    })
    .join(', ');
}

function rows(chosen: readonly StorageWorkload[], arms: readonly LoadedArm[], figures: Figures): ArmRow[] {
  return chosen.flatMap(({ name }) =>
    measures.flatMap(([measure, unit]) =>
      arms.flatMap(({ arm }) => {
        const values = figures.spread(`${name}${measure}`, arm.name);
        return values === undefined ? [] : [row(arm.name, `${name}${measure}`, unit, values)];
      }),
    ),
  );
}

function ratios(
  chosen: readonly StorageWorkload[],
  arms: readonly LoadedArm[],
  figures: Figures,
): { name: string; value: number }[] {
  return chosen.flatMap(({ name }) =>
    measures.flatMap(([measure]) =>
      arms.flatMap(({ arm }) => {
        const figure = `${name}${measure}`;
        const value = arm.name === drover.name ? undefined : figures.ratio(figure, drover.name, arm.name);
        return value === undefined
          ? []
          : [{ name: `${figure}, ${drover.name} / ${arm.name}`, value: rounded(value) }];
      }),
    ),
  );
}

/** Judges only bars whose figures were measured. */
function judge(figures: Figures): Bar[] {
  const compared = ratioBars.flatMap(({ figure, limit }) => {
    const value = figures.ratio(figure, drover.name, natsClient.name);
    return value === undefined
      ? []
      : [bar(`${figure}, ${drover.name} / ${natsClient.name}`, value, limit, 'x')];
  });
  const own = ownBars.flatMap(({ figure, limit, unit }) => {
    const values = figures.spread(figure, drover.name);
    return values === undefined ? [] : [bar(`${figure}, ${drover.name}`, values.median, limit, unit)];
  });
  return [...compared, ...own];
}
