import { pathToFileURL } from 'node:url';
import type { MemoryArm, MemoryClient } from './memory-arm.ts';
import type { MemoryWorkloadName } from './workloads.ts';

/**
 * Usage: `node client-main.js ARM_MODULE HOST:PORT WORKLOAD=COUNT…`
 *
 * Runs the workloads one after the other, each after a warm-up, and prints one JSON object: an outcome for each
 * workload that the arm supports.
 */
export interface MemoryOutcome {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

const keys = 1_024;
const valueBytes = 128;
const keyOf = (index: number) => `k${index % keys}`;
const valueOf = (index: number) => new Uint8Array(valueBytes).fill(index % 251);

const [file, server, ...rows] = process.argv.slice(2) as [string, string, ...string[]];
const { default: arm } = (await import(pathToFileURL(file).href)) as { default: MemoryArm };
const client = await arm.connect(server);
await inFlight(keys, 64, (index) => client.put(keyOf(index), valueOf(index)));
const outcomes: Record<string, MemoryOutcome> = {};
for (const text of rows) {
  const [name, count] = text.split('=') as [MemoryWorkloadName, string];
  const run = runOf(client, name);
  if (run === undefined) continue;
  await run(Math.ceil(Number(count) / 2));
  outcomes[name] = await run(Number(count));
}
await client.close();
process.stdout.write(`${JSON.stringify(outcomes)}\n`, () => process.exit(0));

type Run = (count: number) => Promise<MemoryOutcome>;

function runOf({ cached, fresh, put, onChange }: MemoryClient, name: MemoryWorkloadName): Run | undefined {
  switch (name) {
    case 'cached':
      return cached && ((count) => readCached(cached, count));
    case 'fresh-64':
      return fresh && ((count) => inFlight(count, 64, (index) => required(fresh, index)));
    case 'put-64':
      return (count) => inFlight(count, 64, (index) => put(keyOf(index), valueOf(index)));
    default:
      return (count) => propagate({ put, onChange }, count);
  }
}

/** Too short for a timer of its own: only the rate is measured. */
async function readCached(
  cached: (key: string) => Promise<Uint8Array | undefined>,
  count: number,
): Promise<MemoryOutcome> {
  const names = Array.from({ length: keys }, (_, index) => keyOf(index));
  for (const [index] of names.entries()) await required(cached, index);
  const began = performance.now();
  for (let index = 0; index < count; index++) await cached(names[index % keys] as string);
  const perSecond = (count * 1_000) / (performance.now() - began);
  return { perSecond, p50Ms: 1_000 / perSecond, p95Ms: 1_000 / perSecond, p99Ms: 1_000 / perSecond };
}

async function required(
  read: (key: string) => Promise<Uint8Array | undefined>,
  index: number,
): Promise<void> {
  const value = await read(keyOf(index));
  if (value?.length !== valueBytes) throw new Error(`${keyOf(index)} was read without its value`);
}

async function inFlight(
  count: number,
  workers: number,
  act: (index: number) => Promise<unknown>,
): Promise<MemoryOutcome> {
  const tookMs = new Float64Array(count);
  let next = 0;
  const began = performance.now();
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
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
  count: number,
): Promise<MemoryOutcome> {
  const tookMs = new Float64Array(count);
  const prefix = `p${count}-`;
  let heard: ((key: string) => void) | undefined;
  await onChange((key) => heard?.(key));
  const began = performance.now();
  for (let index = 0; index < count; index++) {
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
