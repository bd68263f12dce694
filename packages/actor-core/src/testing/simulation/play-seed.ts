import { Simulation } from '../simulation.ts';
import type { Counters, CounterTexts } from './counters.ts';
import { Faults, nodeFaultNames } from './faults.ts';
import { ServerFaults, serverFaultNames } from './server-faults.ts';
import type { Workload } from './workload.ts';
import { everything, scenariosOf } from './workloads.ts';
import { nodeNames, World } from './world.ts';

/** Minimum of every seed: nodes, virtual time, operations, kinds of fault. */
const leastVirtualMs = 60_000;
const leastOperations = 400;
export const bars: {
  readonly nodes: number;
  readonly virtualMs: number;
  readonly operations: number;
  readonly faultKinds: number;
} = { nodes: nodeNames.length, virtualMs: leastVirtualMs, operations: 200, faultKinds: 3 };

const longestStepMs = 300;
const strikesPerStep = 0.17;
const serverStrikesPerStep = 0.06;
const restMs = 30_000;
/** Share of the seeds that end with the loss of a node, and the time in which the others take over. */
const nodeLossShare = 0.2;
const takeOverMs = 20_000;
/** How long the simulation runs at a time while workloads check their end, and for how long at most. */
const endStepMs = 250;
const longestEndMs = 120_000;

/** How a seed is played. */
export interface PlayOptions {
  /** Called with each line of the trace. */
  readonly onNote?: ((line: string) => void) | undefined;
  /** Kinds of fault that do not strike (see `strikeNames`). */
  readonly without?: readonly string[];
}

/** All kinds of fault that a seed chooses from. */
export const strikeNames: readonly string[] = [...nodeFaultNames, ...serverFaultNames, 'skew'];

export interface SeedResult {
  readonly seed: number;
  /** Equal in every run of the seed, also in different processes. */
  readonly hash: string;
  readonly virtualMs: number;
  readonly operations: number;
  /** Kinds of fault that struck at least once. */
  readonly faultKinds: readonly string[];
  /** How often each kind of fault struck. */
  readonly faults: Counters;
  readonly counters: Counters;
  /** Broken guarantees; empty when all were kept. */
  readonly broken: readonly string[];
}

/**
 * Plays one seed: five nodes, clients and faults for a virtual minute, then half a minute without faults in which all
 * work must end. In some seeds a node is lost for good after that. Odd seeds keep the order of each subject, as NATS
 * does; even seeds do not.
 *
 * `names`: what is played, separated by commas. @default everything together
 */
export async function playSeed(
  seed: number,
  names: string = everything,
  { onNote, without = [] }: PlayOptions = {},
): Promise<SeedResult> {
  const simulation = new Simulation(seed, {
    keepsSubjectOrder: seed % 2 === 1,
    ...(onNote === undefined ? {} : { onNote }),
  });
  const played: Workload[] = [];
  const scenarios = Object.values(scenariosOf(names));
  const world = new World(simulation, {
    counters: Object.assign({}, ...scenarios.map(({ counters }) => counters)) as CounterTexts,
    onStart: (node) => played.forEach((workload) => workload.startNode(node)),
    onEvent: (node, event) => played.forEach((workload) => workload.onEvent?.(node, event)),
    without: new Set(without),
    onLoss: () => played.forEach((workload) => workload.onLoss?.()),
  });
  for (const { create } of scenarios) played.push(create(world));
  let operations = 0;
  try {
    operations = await play(world, played);
  } catch (error) {
    world.broken.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return {
    seed,
    hash: simulation.traceHash,
    virtualMs: simulation.clock.now(),
    operations,
    faultKinds: [...simulation.struck.keys()],
    faults: Object.fromEntries(simulation.struck),
    counters: world.counters,
    broken: world.broken,
  };
}

async function play(world: World, played: readonly Workload[]): Promise<number> {
  const { simulation } = world;
  const faults = new Faults(world);
  const serverFaults = new ServerFaults(world);
  for (const name of nodeNames) world.startNode(name);
  await simulation.run(1_000);
  let operations = 0;
  while (simulation.clock.now() < leastVirtualMs || operations < leastOperations) {
    if (world.chance() < strikesPerStep) faults.strike();
    if (world.chance() < serverStrikesPerStep) serverFaults.strike();
    if (world.pick(played).act()) operations++;
    await simulation.run(world.chance() * longestStepMs);
    for (const workload of played) workload.checkStep?.();
    if (world.broken.length > 0) return operations;
  }
  faults.end();
  await simulation.run(restMs);
  world.checkMembership();
  await runUntil(world, Promise.all(played.map(async (workload) => workload.checkEnd?.())));
  for (const workload of played) if (workload.checkAlone) await runUntil(world, workload.checkAlone());
  if (world.chance() < nodeLossShare) await loseNode(world, played);
  return operations;
}

/** A node crashes and does not come back: the others do what it did. */
async function loseNode(world: World, played: readonly Workload[]): Promise<void> {
  world.crash(world.pick(nodeNames));
  await world.simulation.run(takeOverMs);
  await runUntil(world, Promise.all(played.map(async (workload) => workload.checkAfterNodeLoss?.())));
}

/** Lets time pass until the checks are done. @throws what they throw */
async function runUntil(world: World, checks: Promise<unknown>): Promise<void> {
  const { simulation } = world;
  const progress = { isDone: false };
  const done = checks.finally(() => {
    progress.isDone = true;
  });
  // Awaited below, after the simulation has run.
  done.catch(() => undefined);
  const untilMs = simulation.clock.now() + longestEndMs;
  while (!progress.isDone && simulation.clock.now() < untilMs) await simulation.run(endStepMs);
  world.check(progress.isDone, `the checks at the end are not done after ${longestEndMs} ms`);
  if (progress.isDone) await done;
}
