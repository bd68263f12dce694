import { pathToFileURL } from 'node:url';
import { durabilities, type DurabilityName } from '../durability.ts';
import { untilReady } from '../until-ready.ts';
import type { MemoryArm, MemoryClient } from './memory-arm.ts';
import { batchSize, type MemoryWorkloadName } from './workloads.ts';

/**
 * Usage: `node client-main.js ARM_MODULE HOST:PORT,… DURABILITY WORKLOAD COUNT`
 *
 * Runs a workload after a warm-up and prints the outcome as one JSON object; an empty one where the arm does not
 * support it.
 */
export interface MemoryOutcome {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

const keys = 1_024;
const valueBytes = 128;
const batchesInFlight = 2;
const keyOf = (index: number) => `k${index % keys}`;
const valueOf = (index: number) => new Uint8Array(valueBytes).fill(index % 251);

const [file, servers, durability, name, count] = process.argv.slice(2) as [
  string,
  string,
  DurabilityName,
  MemoryWorkloadName,
  string,
];
const { default: arm } = (await import(pathToFileURL(file).href)) as { default: MemoryArm };
const client = await arm.connect(servers, durabilities[durability]);
await untilReady(() => client.put(keyOf(0), valueOf(0)));
await inFlight(keys, 64, (index) => client.put(keyOf(index), valueOf(index)));
const run = runOf(client, name);
await run?.(warmUpOf(Number(count)));
const outcome = (await run?.(Number(count))) ?? {};
await client.close();
process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0));

type Run = (count: number) => Promise<MemoryOutcome>;

function runOf(
  { cached, fresh, put, putAll, onChange }: MemoryClient,
  workload: MemoryWorkloadName,
): Run | undefined {
  switch (workload) {
    case 'cached':
      return cached && ((operations) => readCached(cached, operations));
    case 'fresh-64':
      return fresh && ((operations) => inFlight(operations, 64, (index) => required(fresh, index)));
    case 'put-64':
      return (operations) => inFlight(operations, 64, (index) => put(keyOf(index), valueOf(index)));
    case 'batch-500':
      return putAll && ((operations) => batches(putAll, operations / batchSize));
    default:
      return (operations) => propagate({ put, onChange }, operations);
  }
}

function warmUpOf(operations: number): number {
  const half = Math.ceil(operations / 2);
  return name === 'batch-500' ? Math.ceil(half / batchSize) * batchSize : half;
}

/** Too short for a timer of its own: only the rate is measured. */
async function readCached(
  cached: (key: string) => Promise<Uint8Array | undefined>,
  operations: number,
): Promise<MemoryOutcome> {
  const names = Array.from({ length: keys }, (_, index) => keyOf(index));
  for (const [index] of names.entries()) await required(cached, index);
  const began = performance.now();
  for (let index = 0; index < operations; index++) await cached(names[index % keys] as string);
  const perSecond = (operations * 1_000) / (performance.now() - began);
  return { perSecond, p50Ms: 1_000 / perSecond, p95Ms: 1_000 / perSecond, p99Ms: 1_000 / perSecond };
}

async function required(
  read: (key: string) => Promise<Uint8Array | undefined>,
  index: number,
): Promise<void> {
  const value = await read(keyOf(index));
  if (value?.length !== valueBytes) throw new Error(`${keyOf(index)} was read without its value`);
}

/** Each batch in flight has keys of its own: batches that meet on a key would measure conflicts. */
async function batches(
  putAll: NonNullable<MemoryClient['putAll']>,
  operations: number,
): Promise<MemoryOutcome> {
  const free = Array.from({ length: batchesInFlight }, (_, range) => range);
  const { perSecond, ...latencies } = await inFlight(operations, batchesInFlight, async (index) => {
    const range = free.pop() as number;
    await putAll(
      Array.from({ length: batchSize }, (_, at) => [`b${range}-${at}`, valueOf(index + at)] as const),
    );
    free.push(range);
  });
  return { perSecond: perSecond * batchSize, ...latencies };
}

async function inFlight(
  operations: number,
  workers: number,
  act: (index: number) => Promise<unknown>,
): Promise<MemoryOutcome> {
  const tookMs = new Float64Array(operations);
  let next = 0;
  const began = performance.now();
  const work = async (): Promise<void> => {
    for (let index = next++; index < operations; index = next++) {
      const startedMs = performance.now();
      await act(index);
      tookMs[index] = performance.now() - startedMs;
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return outcomeOf(tookMs, performance.now() - began);
}

async function propagate(
  { put, onChange }: Pick<MemoryClient, 'put' | 'onChange'>,
  operations: number,
): Promise<MemoryOutcome> {
  const tookMs = new Float64Array(operations);
  const prefix = `p${operations}-`;
  let heard: ((key: string) => void) | undefined;
  await onChange((key) => heard?.(key));
  const began = performance.now();
  for (let index = 0; index < operations; index++) {
    const key = `${prefix}${index % keys}`;
    const startedMs = performance.now();
    const arrived = new Promise<void>((resolve) => {
      heard = (changed) => (changed === key ? resolve() : undefined);
    });
    await Promise.all([put(key, valueOf(index)), arrived]);
    tookMs[index] = performance.now() - startedMs;
  }
  return outcomeOf(tookMs, performance.now() - began);
}

function outcomeOf(tookMs: Float64Array, wallMs: number): MemoryOutcome {
  tookMs.sort();
  const at = (part: number): number => tookMs[Math.floor((tookMs.length - 1) * part)] as number;
  return {
    perSecond: (tookMs.length * 1_000) / wallMs,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
  };
}
