import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../clock/system-clock.ts';
import { type Batch, type BatchOrder, emptyBatch, joinBatch, playBatch } from './batch.ts';

/** Limit for one seed, which takes a second or two; a process that takes longer hangs and is killed. */
const longestSeedMs = 3 * 60_000;
const self = fileURLToPath(import.meta.url);

/** What the process of a batch tells its parent: the last seed that it has played, then its result. */
type Report = { readonly played: number } | { readonly batch: Batch };

/** Plays a batch in a separate process, whose program is the compiled form of this file. */
export function playApart(
  order: BatchOrder,
  program: string = self,
  limitMs: number = longestSeedMs,
): Promise<Batch> {
  return new Promise((resolve, reject) => {
    const child = fork(program, [JSON.stringify(order)]);
    let next = order.first;
    let batch: Batch | undefined;
    const limit = () => systemClock.setTimer(limitMs, () => void child.kill('SIGKILL'));
    let timer = limit();
    child.on('message', (message) => {
      const report = message as Report;
      if ('batch' in report) batch = report.batch;
      else next = report.played + 1;
      timer.cancel();
      timer = limit();
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      timer.cancel();
      if (batch !== undefined) resolve(batch);
      else
        reject(new Error(`the process that played seed ${next} ended without a result (${signal ?? code})`));
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
  const tell = (report: Report) => void process.send?.(report);
  tell({ batch: await playBatch({ first, count, scenario, stopsAtBreak }, (played) => tell({ played })) });
  process.disconnect();
}
