import type { ActorArm, Outcome, Population, Tally } from './actor-arm.ts';
import { runMessages } from './run-messages.ts';
import type { Sizes, WorkloadName } from './workload.ts';

/** Share of the measured size that runs as warm-up, so that the code is compiled before the measurement. */
const warmUpShare = 0.3;

type Populate = (count: number) => Promise<Population>;

/**
 * Measures one workload of one library arm in this process, which must be fresh and started with `--expose-gc`.
 * Undefined if the library does not support the workload.
 */
export async function measure(
  arm: ActorArm,
  workload: WorkloadName,
  sizes: Sizes,
): Promise<Outcome | undefined> {
  if (arm.library === undefined) throw new Error(`${arm.name} is not a library arm`);
  const library = await arm.library();
  const warmUp = { count: Math.max(sizes.width, Math.round(sizes.count * warmUpShare)), width: sizes.width };
  if (workload === 'idle-heap' || workload === 'spawn-stop' || workload === 'million') {
    const populate = library.populate?.bind(library);
    if (populate === undefined) return undefined;
    if (workload === 'idle-heap') return measureHeap(populate, sizes.count);
    if (workload === 'million') return measureMany(populate, sizes.count);
    await spawnAndStop(populate, warmUp.count);
    return timed(() => spawnAndStop(populate, sizes.count));
  }
  if ((await runMessages(library, workload, warmUp)) === undefined) return undefined;
  return timed(() => runMessages(library, workload, sizes) as Promise<Tally>);
}

async function timed(work: () => Promise<Tally>): Promise<Outcome> {
  await collect();
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const { sent, delivered } = await work();
  return { sent, delivered, ...elapsed(cpu, begin) };
}

async function spawnAndStop(populate: Populate, count: number): Promise<Tally> {
  const population = await populate(count);
  const { sent, delivered } = await population.tellAll();
  const ended = await population.stopAll();
  if (ended !== count) throw new Error(`stopped ${count} actors, and ${ended} ended`);
  return { sent, delivered };
}

const alive: Population[] = [];

/**
 * Measures the second population of actors, because with the first population a library also allocates memory that it
 * needs only once.
 */
async function measureHeap(populate: Populate, count: number): Promise<Outcome> {
  const first = await populate(1_000);
  await first.tellAll();
  const before = await heapBytes();
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const population = await populate(count);
  const started = await heapBytes();
  const tally = await population.tellAll();
  const used = await heapBytes();
  const figures = { startedBytes: (started - before) / count, idleBytes: (used - before) / count };
  // References both populations, so that they are not garbage-collected before the last measurement.
  alive.push(first, population);
  return { ...tally, ...elapsed(cpu, begin), figures };
}

async function measureMany(populate: Populate, count: number): Promise<Outcome> {
  const heapBefore = await heapBytes();
  const residentBefore = process.memoryUsage.rss();
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const population = await populate(count);
  const spawned = process.cpuUsage(cpu);
  const beforeTell = process.cpuUsage();
  const tally = await population.tellAll();
  const told = process.cpuUsage(beforeTell);
  const spent = elapsed(cpu, begin);
  const figures = {
    spawnedPerCpuSecond: perSecond(count, spawned.user + spawned.system),
    toldPerCpuSecond: perSecond(count, told.user + told.system),
    heapBytes: ((await heapBytes()) - heapBefore) / count,
    residentBytes: (process.memoryUsage.rss() - residentBefore) / count,
  };
  alive.push(population);
  return { ...tally, ...spent, figures };
}

function elapsed(
  cpu: NodeJS.CpuUsage,
  begin: number,
): { readonly cpuMicros: number; readonly wallMicros: number } {
  const wallMicros = (performance.now() - begin) * 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMicros: user + system, wallMicros };
}

function perSecond(count: number, micros: number): number {
  return (count * 1e6) / micros;
}

async function heapBytes(): Promise<number> {
  await collect();
  return process.memoryUsage().heapUsed;
}

/** Lets pending callbacks run, then collects all garbage. */
async function collect(): Promise<void> {
  for (let pass = 0; pass < 2; pass += 1) {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    (globalThis as { gc?: () => void }).gc?.();
  }
}
