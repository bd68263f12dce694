import { silentLogger, systemClock } from '@drover/actor-core';
import {
  joinCluster,
  MemoryLimitError,
  type MemoryScope,
  parseScope,
  startMemory,
  WriteUnknownError,
} from '@drover/actor-core/cluster';
import { StoreUnavailableError } from '@drover/actor-core/durable';
import { untilReady } from '../until-ready.ts';

/**
 * Usage: `node fill-main.js URL fill CAP_BYTES VALUE_BYTES`: sets keys until the bucket refuses them. `node
 * fill-main.js URL verify CAP_BYTES VALUE_BYTES COUNT`: reads some of so many keys. Prints one JSON object.
 */
export interface FillOutcome {
  /** Values that were confirmed. */
  readonly values: number;
  /** Values each second, for each tenth of the cap in turn. */
  readonly perSecond: readonly number[];
  readonly p99Ms: number;
  /** Whether a removal was confirmed after the bucket had refused a value. */
  readonly isRemovable: boolean;
}

/** Figures of the reads after a restart. */
export interface VerifyOutcome {
  /** Milliseconds until the first value was read, from the start of this process's connection on. */
  readonly firstReadMs: number;
  readonly perSecond: number;
}

const inFlight = 64;
const verified = 2_000;
const [url = '', mode = '', cap = '', size = '', count = '0'] = process.argv.slice(2);
const maxBucketBytes = Number(cap);
const valueBytes = Number(size);
const nodeId = mode;

const beganMs = performance.now();
const node = await joinCluster({
  nodeId,
  incarnation: Math.floor(systemClock.wallNow()),
  roles: ['host'],
  cell: 'bench',
  nats: { servers: [url] },
  pid: process.pid,
  log: silentLogger,
});
const memory = startMemory(node, { maxBucketBytes, cacheBytes: 16 * 1024 * 1024, coldAfterMs: 0 });
const values = memory.scope('default', parseScope('global'));
const outcome = mode === 'fill' ? await fill(values) : await verify(values, Number(count));
process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0));

/** Each value begins with its number: a value of another key, or of another write, is noticed. */
function valueOf(number: number): Uint8Array {
  const value = new Uint8Array(valueBytes).fill(number % 251);
  new DataView(value.buffer).setUint32(0, number);
  return value;
}

async function fill(scope: MemoryScope): Promise<FillOutcome> {
  await untilReady(() => scope.put('first', valueOf(0)));
  const perTenth = Math.max(1, Math.floor(maxBucketBytes / valueBytes / 10));
  const reachedMs: number[] = [performance.now()];
  const tookMs: number[] = [];
  let next = 0;
  let stored = 0;
  let isFull = false;
  const work = async (): Promise<void> => {
    while (!isFull) {
      const number = next++;
      const startedMs = performance.now();
      try {
        await scope.put(`v${number}`, valueOf(number));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        isFull = true;
        return;
      }
      tookMs.push(performance.now() - startedMs);
      if (++stored % perTenth === 0) reachedMs.push(performance.now());
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  const perSecond = reachedMs
    .slice(1)
    .map((atMs, index) => (perTenth * 1_000) / (atMs - (reachedMs[index] as number)));
  const sorted = tookMs.toSorted((a, b) => a - b);
  const { kind } = await scope.remove('first');
  return {
    values: stored,
    perSecond,
    p99Ms: sorted[Math.floor((sorted.length - 1) * 0.99)] ?? 0,
    isRemovable: kind === 'removed',
  };
}

/** The bucket, or the disk, is full. Every other error is a fault. */
function isRefusal(error: unknown): boolean {
  if (error instanceof MemoryLimitError) return error.code === 'memory-full';
  if (error instanceof WriteUnknownError) return error.trouble === 'store-full';
  return error instanceof StoreUnavailableError && error.code === 'store-full';
}

async function verify(scope: MemoryScope, stored: number): Promise<VerifyOutcome> {
  const step = Math.max(1, Math.floor(stored / verified));
  // Puts were in flight when the bucket became full, so the last numbers have gaps.
  const numbers = Array.from({ length: Math.min(verified, stored) }, (_, index) => index * step).filter(
    (number) => number < stored - inFlight,
  );
  await untilReady(() => scope.get('v0'));
  const firstReadMs = performance.now() - beganMs;
  const readFromMs = performance.now();
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < numbers.length; index = next++) {
      const number = numbers[index] as number;
      const read = await scope.get(`v${number}`);
      if (read === undefined || Buffer.compare(read.value, valueOf(number)) !== 0)
        throw new Error(`the value v${number} is not what was confirmed`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return { firstReadMs, perSecond: (numbers.length * 1_000) / (performance.now() - readFromMs) };
}
