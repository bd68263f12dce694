import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Batch, emptyBatch, joinBatch, playBatch } from './batch.ts';

/** The seeds that a separate process plays. */
export interface BatchOrder {
  readonly first: number;
  readonly count: number;
  readonly scenario: string;
  readonly stopsAtBreak: boolean;
}

/** Limit for one batch; a batch that takes longer hangs and is killed. */
const longestMs = 10 * 60_000;
const self = fileURLToPath(import.meta.url);

/** Plays a batch in a separate process; `program` is the compiled form of this file. */
export function playApart(order: BatchOrder, program: string = self): Promise<Batch> {
  return new Promise((resolve, reject) => {
    const child = fork(program, [JSON.stringify(order)], { timeout: longestMs });
    let batch: Batch | undefined;
    child.once('message', (message) => {
      batch = message as Batch;
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (batch !== undefined) resolve(batch);
      else
        reject(
          new Error(
            `the process for seeds ${order.first} to ${order.first + order.count - 1} ended without a result (${signal ?? code})`,
          ),
        );
    });
  });
}

/** Same as `playApart`, spread over several processes. */
export async function playSideBySide(order: BatchOrder, processes: number): Promise<Batch> {
  const share = Math.ceil(order.count / processes);
  const orders: BatchOrder[] = [];
  for (let at = 0; at < order.count; at += share)
    orders.push({ ...order, first: order.first + at, count: Math.min(share, order.count - at) });
  const sum = emptyBatch();
  for (const batch of await Promise.all(orders.map((one) => playApart(one)))) joinBatch(sum, batch);
  return sum;
}

if (process.argv[1] === self && process.send !== undefined) {
  // The traces of a million expected errors cost a twentieth of the time. A replayed seed has them.
  Error.stackTraceLimit = 0;
  const { first, count, scenario, stopsAtBreak } = JSON.parse(process.argv[2] ?? '{}') as BatchOrder;
  // The parent process has ended, so the result has no reader.
  process.once('disconnect', () => process.exit());
  process.send(await playBatch(first, count, scenario, stopsAtBreak));
  process.disconnect();
}
