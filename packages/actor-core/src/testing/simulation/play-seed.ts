import { Simulation } from '../simulation.ts';
import type { Counters } from './counters.ts';
import { Delivering } from './delivering.ts';
import { Faults } from './faults.ts';
import { Messaging } from './messaging.ts';
import { Registering } from './registering.ts';
import { Streaming } from './streaming.ts';
import { Supervising } from './supervising.ts';
import { Watching } from './watching.ts';
import { Working } from './working.ts';
import type { Workload } from './workload.ts';
import { nodeNames, World } from './world.ts';

/**
 * Workloads of a seed: all of them together, or one by its name. A part of the runtime with its own guarantees is
 * simulated by a `Workload` that is added here.
 */
const workloads: Readonly<Record<string, new (world: World) => Workload>> = {
  messaging: Messaging,
  supervision: Supervising,
  watching: Watching,
  streaming: Streaming,
  registry: Registering,
  delivery: Delivering,
  work: Working,
};

export const everything = 'all';
export const scenarioNames: readonly string[] = [everything, ...Object.keys(workloads)];

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
const restMs = 30_000;

export interface SeedResult {
  readonly seed: number;
  /** Equal in every run of the seed, also in different processes. */
  readonly hash: string;
  readonly virtualMs: number;
  readonly operations: number;
  /** Kinds of fault that struck at least once. */
  readonly faultKinds: readonly string[];
  readonly counters: Counters;
  /** Broken guarantees; empty when all were kept. */
  readonly broken: readonly string[];
}

/**
 * Plays one seed: five nodes, clients and faults for a virtual minute, then half a minute without faults in which all
 * work must end. Odd seeds keep the order of each subject, as NATS does; even seeds do not.
 */
export async function playSeed(
  seed: number,
  scenario: string = everything,
  onNote?: (line: string) => void,
): Promise<SeedResult> {
  const simulation = new Simulation(seed, {
    keepsSubjectOrder: seed % 2 === 1,
    ...(onNote === undefined ? {} : { onNote }),
  });
  const played: Workload[] = [];
  const world = new World(
    simulation,
    (node) => played.forEach((workload) => workload.startNode(node)),
    (node, event) => played.forEach((workload) => workload.onEvent?.(node, event)),
  );
  for (const [name, Played] of Object.entries(workloads))
    if (scenario === everything || scenario === name) played.push(new Played(world));
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
    counters: world.counters,
    broken: world.broken,
  };
}

async function play(world: World, played: readonly Workload[]): Promise<number> {
  const { simulation } = world;
  const faults = new Faults(world);
  for (const name of nodeNames) world.startNode(name);
  await simulation.run(1_000);
  let operations = 0;
  while (simulation.clock.now() < leastVirtualMs || operations < leastOperations) {
    if (world.chance() < strikesPerStep) faults.strike();
    if (world.pick(played).act()) operations++;
    await simulation.run(world.chance() * longestStepMs);
    for (const workload of played) workload.checkStep?.();
    if (world.broken.length > 0) return operations;
  }
  faults.end();
  await simulation.run(restMs);
  world.checkMembership();
  for (const workload of played) await workload.checkEnd?.();
  return operations;
}
