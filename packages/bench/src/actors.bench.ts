import { fileURLToPath } from 'node:url';
import type { ActorArm } from './actors/actor-arm.ts';
import { actorBars, nodePeers } from './actors/actor-bars.ts';
import { type LoadedArm, operationsOf, runRow } from './actors/arm-runner.ts';
import drover from './actors/arms/drover.ts';
import erlang from './actors/arms/erlang.ts';
import functionCall from './actors/arms/function.ts';
import { measuresOf } from './actors/measures.ts';
import type { Workload } from './actors/workload.ts';
import { workloads } from './actors/workloads.ts';
import { Figures } from './figures.ts';
import { hostFacts } from './host-facts.ts';
import { chooseWorkloads } from './choose-workloads.ts';
import { loadNamed } from './named-module.ts';
import { installPeers, loadPeerArm, peerArmFile } from './peers.ts';
import { type ArmRow, type Bar, type BenchReport, bar, row } from './report.ts';
import { rounded } from './statistics.ts';
import type { BenchForm, SuiteOptions } from './suite.ts';

const roundsOf: Readonly<Record<BenchForm, number>> = { full: 10, quick: 3, check: 1 };

const ours: string = drover.name;
const ownArms: readonly (readonly [ActorArm, string])[] = [
  [drover, 'drover'],
  [erlang, 'erlang'],
  [functionCall, 'function'],
];

const peerNames = ['nact', 'comedy', 'xstate'] as const;

/**
 * Compares our actor runtime with others. Every row runs in a fresh process. The arms alternate within a round and
 * their order rotates with the round, so that other load on the machine affects all arms. Rates are per second of CPU
 * time of the measured process, all threads, after a warm-up of three tenths of the size.
 *
 * @throws Error when a process failed, or when a message that was sent was not delivered
 */
export async function runActors(options: SuiteOptions): Promise<BenchReport> {
  const host = hostFacts();
  const chosen = chooseWorkloads(workloads, options.only);
  const { arms, notes } = await loadArms(options);
  const rounds = options.rounds ?? roundsOf[options.form];
  const figures = new Figures();
  for (let round = 0; round < rounds; round += 1) {
    for (const workload of chosen) {
      if (round >= (options.form === 'full' ? workload.fullRounds : workload.quickRounds)) continue;
      const turned = arms.map((_, index) => arms[(index + round) % arms.length] as LoadedArm);
      for (const loaded of turned) await measureRow(loaded, workload, options.form, figures);
      options.progress(`round ${round + 1}/${rounds} ${workload.name}: ${summary(workload, arms, figures)}`);
    }
  }
  return {
    suite: 'actors',
    quick: options.form !== 'full',
    host,
    notes: [...notes, ...chosen.map(({ name, describes }) => `${name}: ${describes}`)],
    arms: rows(chosen, arms, figures),
    ratios: ratios(chosen, arms, figures),
    bars: judge(arms, figures),
  };
}

async function loadArms(options: SuiteOptions): Promise<{ arms: LoadedArm[]; notes: string[] }> {
  const withPeers = options.form !== 'check';
  const candidates: { arm: ActorArm; file: string }[] = ownArms
    .filter(([arm]) => withPeers || arm !== erlang)
    .map(([arm, file]) => ({
      arm,
      file: fileURLToPath(new URL(`./actors/arms/${file}.js`, import.meta.url)),
    }));
  if (withPeers) await installPeers(options.progress);
  for (const peer of withPeers ? peerNames : []) {
    const file = peerArmFile('actors', peer);
    candidates.push({ arm: await loadPeerArm<ActorArm>(file), file });
  }
  for (const extra of options.extraArms) {
    const arm = await loadNamed<ActorArm>(
      extra,
      ({ library, command, version }) =>
        typeof version === 'function' && (typeof library === 'function' || typeof command === 'function'),
      'version() and library() or command()',
    );
    candidates.push({ arm, file: extra.file });
  }
  const arms: LoadedArm[] = [];
  const notes: string[] = [];
  for (const { arm, file } of candidates) {
    try {
      const version = arm.version();
      arms.push({ arm, file, version });
      notes.push(`arm ${arm.name} (${version}): ${arm.path}`);
    } catch (error) {
      const note = `arm ${arm.name} is not available: ${(error as Error).message}; the bars against it are not judged`;
      if (arm.name === ours) throw new Error(note, { cause: error });
      notes.push(note);
      options.progress(note);
    }
  }
  return { arms, notes };
}

async function measureRow(
  loaded: LoadedArm,
  workload: Workload,
  form: BenchForm,
  figures: Figures,
): Promise<void> {
  const operations = operationsOf(loaded, workload, form);
  if (operations === 0) return;
  const outcome = await runRow(loaded, workload, operations, form);
  if (outcome === undefined) return;
  for (const measure of measuresOf(workload)) {
    figures.add(measure.name, loaded.arm.name, measure.value(outcome, operations));
    if (measure.wall !== undefined)
      figures.add(wallFigure(measure.name), loaded.arm.name, measure.wall(outcome, operations));
  }
}

function wallFigure(name: string): string {
  return `${name} by the clock`;
}

function summary(workload: Workload, arms: readonly LoadedArm[], figures: Figures): string {
  const [first] = measuresOf(workload);
  if (first === undefined) return '';
  const parts = arms.flatMap(({ arm }) => {
    const values = figures.spread(first.name, arm.name);
    return values === undefined ? [] : [`${arm.name} ${Math.round(values.median).toLocaleString('en-US')}`];
  });
  return `${parts.join(', ')} ${first.unit}`;
}

function rows(chosen: readonly Workload[], arms: readonly LoadedArm[], figures: Figures): ArmRow[] {
  return chosen.flatMap((workload) =>
    measuresOf(workload).flatMap((measure) =>
      arms.flatMap(({ arm }) => {
        const values = figures.spread(measure.name, arm.name);
        if (values === undefined) return [];
        const shown = row(arm.name, measure.name, measure.unit, values);
        const wall = figures.spread(wallFigure(measure.name), arm.name);
        return [wall === undefined ? shown : { ...shown, wallMedian: rounded(wall.median, 0) }];
      }),
    ),
  );
}

function ratios(
  chosen: readonly Workload[],
  arms: readonly LoadedArm[],
  figures: Figures,
): { name: string; value: number }[] {
  return chosen.flatMap((workload) =>
    measuresOf(workload).flatMap(({ name }) =>
      arms.flatMap(({ arm }) => {
        const value = arm.name === ours ? undefined : figures.ratio(name, ours, arm.name);
        return value === undefined ? [] : [{ name: `${name}, ${ours} / ${arm.name}`, value: rounded(value) }];
      }),
    ),
  );
}

/** Judges only bars of which both sides were measured. */
function judge(arms: readonly LoadedArm[], figures: Figures): Bar[] {
  const peers = arms.filter(({ arm }) => arm.mailbox && arm.library !== undefined && arm.name !== ours);
  return actorBars.flatMap(({ figure, against, limit, aim }) => {
    const others = against === nodePeers ? peers.map(({ arm }) => arm.name) : [against];
    return others.flatMap((other) => {
      const value = figures.ratio(figure, ours, other);
      return value === undefined ? [] : [bar(`${figure}, ${ours} / ${other}`, value, limit, 'x', aim)];
    });
  });
}
