import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Batch, emptyBatch, joinBatch, playBatch } from './batch.ts';

/** What a process of its own is asked to play. */
export interface BatchOrder {
  readonly first: number;
  readonly count: number;
  readonly scenario: string;
  readonly stopsAtBreak: boolean;
}

/** A batch that takes longer hangs, and is ended. */
const longestMs = 10 * 60_000;
const self = fileURLToPath(import.meta.url);

/** Plays a batch in a fresh process of its own; `program`: the compiled form of this file to run there. */
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

/** As `playApart`, in `processes` of them side by side. */
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
  const { first, count, scenario, stopsAtBreak } = JSON.parse(process.argv[2] ?? '{}') as BatchOrder;
  // Whoever asked is gone: nobody reads the result.
  process.once('disconnect', () => process.exit());
  process.send(await playBatch(first, count, scenario, stopsAtBreak));
  process.disconnect();
}
