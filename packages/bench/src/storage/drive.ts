import { type Operation, operationOf, type Slot } from './operation.ts';
import type { StorageClient } from './storage-arm.ts';
import type { StorageWorkload } from './workloads.ts';

/** Result of one workload in a client process. */
export interface StorageOutcome {
  readonly operations: number;
  readonly wallMicros: number;
  /** CPU time of the client process: user and system time, all threads. */
  readonly cpuMicros: number;
  readonly p50Micros: number;
  readonly p95Micros: number;
}

const keys = 1_024;
/** Operations before the measured ones, as a share of them. */
export const warmUpShare = 0.5;

/**
 * Runs one workload and reads back what it wrote. Undefined when the arm does not support it.
 *
 * @throws Error when an answer is wrong, or a written value is not read back
 */
export async function drive(
  client: StorageClient,
  { name, inFlight }: Pick<StorageWorkload, 'name' | 'inFlight'>,
  count: number,
): Promise<StorageOutcome | undefined> {
  const operation = operationOf(client, name);
  if (operation === undefined) return undefined;
  const slots = Array.from(
    { length: keys },
    (_, index): Slot => ({ key: `k${index}`, lastWrite: 0, revision: 0 }),
  );
  await operation.prepare(slots);
  const warmedUp = Math.round(count * warmUpShare);
  await runAll(operation, slots, inFlight, { from: 0, to: warmedUp });
  const cpu = process.cpuUsage();
  const began = performance.now();
  const micros = await runAll(operation, slots, inFlight, { from: warmedUp, to: warmedUp + count });
  const wallMicros = (performance.now() - began) * 1_000;
  const { user, system } = process.cpuUsage(cpu);
  await operation.verify(slots);
  micros.sort();
  const at = (part: number): number => micros[Math.floor((count - 1) * part)] as number;
  return {
    operations: count,
    wallMicros,
    cpuMicros: user + system,
    p50Micros: at(0.5),
    p95Micros: at(0.95),
  };
}

/** Keeps `inFlight` operations running. Returns how long each took, in microseconds. */
async function runAll(
  operation: Operation,
  slots: readonly Slot[],
  inFlight: number,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Float64Array> {
  const micros = new Float64Array(to - from);
  const slotsPerWorker = Math.floor(slots.length / inFlight);
  let next = from;
  const work = async (_: unknown, worker: number): Promise<void> => {
    const first = worker * slotsPerWorker;
    for (let turn = 0; next < to; turn += 1) {
      const write = next;
      next += 1;
      const began = performance.now();
      await operation.run(slots[first + (turn % slotsPerWorker)] as Slot, write);
      micros[write - from] = (performance.now() - began) * 1_000;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return micros;
}
