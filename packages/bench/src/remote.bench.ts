import { fileURLToPath } from 'node:url';
import { cpuSeconds } from './cpu-usage.ts';
import { Figures } from './figures.ts';
import { hostFacts } from './host-facts.ts';
import { loadNamed } from './named-module.ts';
import drover from './remote/arms/drover.ts';
import natsClient from './remote/arms/nats-client.ts';
import type { RemoteWorkloadName } from './remote/drive.ts';
import { type NatsServer, startNatsServer } from '@drover/actor-core/testing';
import { ratePerSecond, runPairs } from './remote/pairs.ts';
import type { RemoteArm } from './remote/remote-arm.ts';
import { installPeers, loadPeerArm, peerArmFile } from './peers.ts';
import { type ArmRow, type Bar, type BenchReport, bar, type Limit, row } from './report.ts';
import { rounded } from './statistics.ts';
import type { BenchForm, SuiteOptions } from './suite.ts';
import { chooseWorkloads } from './choose-workloads.ts';

const roundsOf: Readonly<Record<BenchForm, number>> = { full: 10, quick: 3, check: 1 };

interface RemoteWorkload {
  readonly name: RemoteWorkloadName;
  readonly describes: string;
  readonly full: number;
  readonly quick: number;
}

const workloads: readonly RemoteWorkload[] = [
  { name: 'ask-256', describes: 'questions of 128 B, 256 in flight', full: 100_000, quick: 60_000 },
  {
    name: 'tell-128',
    describes: 'tells of 128 B, at most 2,000 in transit: the receiver reports every 500 it handled',
    full: 400_000,
    quick: 400_000,
  },
  { name: 'ask-1', describes: 'questions of 128 B, one after the other', full: 30_000, quick: 10_000 },
];

/** A check runs a twentieth of the quick form. */
function countOf(workload: RemoteWorkload, form: BenchForm): number {
  return form === 'check' ? workload.quick / 20 : workload[form];
}

/** Numbers of pairs of processes with which our arm is also measured. */
const pairCounts = [1, 2, 3, 4] as const;
const pairRounds = 3;
const sides = ['caller', 'responder', 'nats-server'] as const;

interface LoadedArm {
  readonly arm: RemoteArm;
  readonly file: string;
}

const ownArms: readonly (readonly [RemoteArm, string])[] = [
  [drover, 'drover'],
  [natsClient, 'nats-client'],
];

/** The arm under `peers/` that the bars compare with. */
const moleculer = 'moleculer';

const bars: readonly { figure: string; against: string; limit: Limit; aim?: number }[] = [
  { figure: 'ask-256', against: moleculer, limit: { atLeast: 1.75 }, aim: 2.5 },
  { figure: 'ask-256', against: natsClient.name, limit: { atLeast: 3 } },
  { figure: 'tell-128', against: moleculer, limit: { atLeast: 3 }, aim: 4 },
  { figure: 'ask-1 p50', against: natsClient.name, limit: { atMost: 1.05 } },
  { figure: 'ask-1 p99', against: natsClient.name, limit: { atMost: 1.2 } },
];

/**
 * Compares our remote refs with Moleculer and the plain NATS client. Each row runs in two fresh processes, on one
 * nats-server for the whole suite, and the arms alternate within a round. Rates are per second of wall clock time,
 * because three processes share the work; the CPU time of each is shown beside the rates.
 *
 * @throws Error when a process failed, an answer was wrong, or a message that was sent was not handled
 */
export async function runRemote(options: SuiteOptions): Promise<BenchReport> {
  const host = hostFacts();
  const chosen = chooseWorkloads(workloads, options.only);
  const { arms, notes } = await loadArms(options);
  const rounds = options.rounds ?? roundsOf[options.form];
  const figures = new Figures();
  const nats = await startNatsServer({ jetstream: false });
  try {
    for (let round = 0; round < rounds; round += 1) {
      const turned = arms.map((_, index) => arms[(index + round) % arms.length] as LoadedArm);
      for (const workload of chosen) {
        for (const arm of turned) await measureRow(nats, arm, workload, options.form, figures);
        options.progress(
          `round ${round + 1}/${rounds} ${workload.name}: ${summary(workload, arms, figures)}`,
        );
      }
    }
    if (options.only.length === 0) await measurePairs(nats, options, figures);
  } finally {
    await nats.dispose();
  }
  const best = bestPairs(figures);
  return {
    suite: 'remote',
    quick: options.form !== 'full',
    host,
    notes: [
      `nats-server ${nats.version}, core NATS, one connection a process`,
      ...notes,
      ...chosen.map(({ name, describes }) => `${name}: ${describes}`),
      ...(best === undefined ? [] : [best]),
    ],
    arms: rows(arms, figures),
    ratios: ratios(arms, figures),
    bars: judge(figures),
  };
}

async function loadArms(options: SuiteOptions): Promise<{ arms: LoadedArm[]; notes: string[] }> {
  const candidates: LoadedArm[] = ownArms.map(([arm, file]) => ({
    arm,
    file: fileURLToPath(new URL(`./remote/arms/${file}.js`, import.meta.url)),
  }));
  if (options.form !== 'check') {
    await installPeers(options.progress);
    const peer = peerArmFile('remote', moleculer);
    candidates.push({ arm: await loadPeerArm<RemoteArm>(peer), file: peer });
  }
  for (const extra of options.extraArms) {
    const arm = await loadNamed<RemoteArm>(
      extra,
      ({ respond, call, version }) =>
        [respond, call, version].every((member) => typeof member === 'function'),
      'version(), respond() and call()',
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

async function measureRow(
  nats: NatsServer,
  { arm, file }: LoadedArm,
  workload: RemoteWorkload,
  form: BenchForm,
  figures: Figures,
): Promise<void> {
  const count = countOf(workload, form);
  const serverBefore = cpuSeconds(nats.pid) ?? Number.NaN;
  const [outcome] = await runPairs(`nats://${nats.url}`, arm.name, file, workload.name, count, 1);
  if (outcome === undefined) return;
  const serverMicros = ((cpuSeconds(nats.pid) ?? Number.NaN) - serverBefore) * 1e6;
  if (outcome.latencies !== undefined) {
    figures.add('ask-1 p50', arm.name, outcome.latencies.p50Micros);
    figures.add('ask-1 p99', arm.name, outcome.latencies.p99Micros);
    return;
  }
  figures.add(workload.name, arm.name, ratePerSecond([outcome]));
  const spent = {
    caller: outcome.callerMicros / count,
    responder: outcome.responderMicros / count,
    'nats-server': serverMicros / (outcome.warmedUp + count),
  };
  for (const side of sides) figures.add(`${workload.name} ${side} CPU`, arm.name, spent[side]);
  // More exact than wall clock time on a machine with other load.
  const total = sides.reduce((sum, side) => sum + spent[side], 0);
  figures.add(`${workload.name} CPU of all three`, arm.name, total);
}

/** Measures our tells and questions with 1 to 4 pairs of processes at the same time. */
async function measurePairs(nats: NatsServer, options: SuiteOptions, figures: Figures): Promise<void> {
  const file = fileURLToPath(new URL('./remote/arms/drover.js', import.meta.url));
  for (let round = 0; round < (options.form === 'full' ? pairRounds : 1); round += 1) {
    for (const workload of workloads) {
      if (workload.name === 'ask-1') continue;
      for (const pairs of options.form === 'check' ? [2] : pairCounts) {
        const count = countOf(workload, options.form);
        const outcomes = await runPairs(`nats://${nats.url}`, drover.name, file, workload.name, count, pairs);
        figures.add(pairFigure(workload.name, pairs), drover.name, ratePerSecond(outcomes));
      }
    }
    options.progress(`pairs, round ${round + 1}: ${bestPairs(figures) ?? ''}`);
  }
}

function pairFigure(workload: string, pairs: number): string {
  return `${workload}, ${pairs} ${pairs === 1 ? 'pair' : 'pairs'} summed`;
}

function bestPairs(figures: Figures): string | undefined {
  const parts = ['ask-256', 'tell-128'].flatMap((workload) => {
    const rates = pairCounts.flatMap((pairs) => {
      const values = figures.spread(pairFigure(workload, pairs), drover.name);
      return values === undefined ? [] : [{ pairs, rate: values.median }];
    });
    const best = rates.toSorted((a, b) => b.rate - a.rate)[0];
    return best === undefined
      ? []
      : [`${workload} ${Math.round(best.rate).toLocaleString('en-US')}/s with ${best.pairs} of 1–4 pairs`];
  });
  return parts.length === 0 ? undefined : `highest summed rate: ${parts.join('; ')}`;
}

function summary({ name }: RemoteWorkload, arms: readonly LoadedArm[], figures: Figures): string {
  const figure = name === 'ask-1' ? 'ask-1 p50' : name;
  return arms
    .flatMap(({ arm }) => {
      const values = figures.spread(figure, arm.name);
      return values === undefined ? [] : [`${arm.name} ${Math.round(values.median).toLocaleString('en-US')}`];
    })
    .join(', ');
}

/** All figures with their units, in the order of the report. */
const shown: readonly (readonly [figure: string, unit: string])[] = [
  ...['ask-256', 'tell-128'].flatMap((name) => [
    [name, 'ops/s'] as const,
    ...sides.map((side) => [`${name} ${side} CPU`, 'us/op'] as const),
    [`${name} CPU of all three`, 'us/op'] as const,
    ...pairCounts.map((pairs) => [pairFigure(name, pairs), 'ops/s'] as const),
  ]),
  ['ask-1 p50', 'us'],
  ['ask-1 p99', 'us'],
];

function rows(arms: readonly LoadedArm[], figures: Figures): ArmRow[] {
  return shown.flatMap(([figure, unit]) =>
    arms.flatMap(({ arm }) => {
      const values = figures.spread(figure, arm.name);
      return values === undefined ? [] : [row(arm.name, figure, unit, values)];
    }),
  );
}

function ratios(arms: readonly LoadedArm[], figures: Figures): { name: string; value: number }[] {
  return shown.flatMap(([figure]) =>
    arms.flatMap(({ arm }) => {
      const value = arm.name === drover.name ? undefined : figures.ratio(figure, drover.name, arm.name);
      return value === undefined
        ? []
        : [{ name: `${figure}, ${drover.name} / ${arm.name}`, value: rounded(value) }];
    }),
  );
}

function judge(figures: Figures): Bar[] {
  return bars.flatMap(({ figure, against, limit, aim }) => {
    const value = figures.ratio(figure, drover.name, against);
    return value === undefined ? [] : [bar(`${figure}, ${drover.name} / ${against}`, value, limit, 'x', aim)];
  });
}
