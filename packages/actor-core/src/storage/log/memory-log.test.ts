import { expect, it } from 'vitest';
import { logContract } from '../../testing/log-contract.ts';
import { memoryLogsKit } from '../../testing/memory-logs.ts';
import type { LogPage } from './log.ts';

logContract('memory', () => {
  const { log, clock, eventually } = memoryLogsKit();
  return Promise.resolve({
    log,
    wallNow: () => clock.wallNow(),
    eventually,
    dispose: () => Promise.resolve(),
  });
});

function show({ records, next }: LogPage): number[] {
  return [...records.map(({ sequence }) => sequence), next];
}

it('answers a page from a replica that lags behind: without the newest records, with what they replaced', async () => {
  const { log, plan } = memoryLogsKit();
  await log.ensure({ name: 'L', subjects: ['l.>'], historyPerSubject: 1 });
  const payload = new Uint8Array(0);
  for (const subject of ['l.a', 'l.b', 'l.a', 'l.c', 'l.d']) await log.append('L', { subject, payload });
  plan('read', 'stale-read', undefined);
  const stale = await log.readForward('L', { from: 1 });
  const sound = await log.readForward('L', { from: 1 });
  expect([show(stale), show(sound)]).toEqual([
    [1, 2, 3],
    [2, 3, 4, 5, 6],
  ]);
});
