import { expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { nodeScheduler } from './node-scheduler.ts';

it('runs every task once, in the order they were scheduled', async () => {
  const scheduler = nodeScheduler();
  const ran: number[] = [];
  await new Promise<void>((resolve) => {
    for (let i = 0; i < 10_000; i++) scheduler.schedule(() => void ran.push(i));
    scheduler.schedule(resolve);
  });
  expect(ran).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
});

it('lets timers and I/O run while tasks keep scheduling tasks', async () => {
  const scheduler = nodeScheduler();
  let isOver = false;
  const again = () => {
    if (!isOver) scheduler.schedule(again);
  };
  scheduler.schedule(again);
  await new Promise<void>((resolve) => systemClock.setTimer(5, resolve));
  isOver = true;
});

it('runs a task that was scheduled after long tasks used up the slice', async () => {
  const scheduler = nodeScheduler();
  for (let round = 0; round < 20; round++) {
    await new Promise<void>((resolve) => {
      scheduler.schedule(() => {
        burnThreeMs();
        // Scheduled after the slice, and run in the same round.
        scheduler.schedule(() => undefined);
      });
      systemClock.setTimer(5, () => scheduler.schedule(resolve));
    });
  }
});

it('returns to the event loop after nearly every task when tasks take long', async () => {
  const scheduler = nodeScheduler();
  let inARow = 0;
  const rows: number[] = [];
  await new Promise<void>((resolve) => {
    // A separate task, scheduled by the event loop, ends each series.
    const look = () => {
      rows.push(inARow);
      inARow = 0;
      if (rows.length < 12) systemClock.setTimer(0, look);
      else resolve();
    };
    const work = () => {
      inARow++;
      burnThreeMs();
      if (rows.length < 12) scheduler.schedule(work);
    };
    for (let i = 0; i < 6; i++) scheduler.schedule(work);
    systemClock.setTimer(0, look);
  });
  // One slice may end late, until the scheduler knows that the tasks take long.
  expect(Math.max(...rows.slice(2))).toBeLessThanOrEqual(4);
});

it('runs the first send of a round soon, and the others together at its end', async () => {
  const scheduler = nodeScheduler();
  const ran: string[] = [];
  const sent = Promise.withResolvers<void>();
  const turn = async (name: string) => {
    scheduler.scheduleSend?.(() => {
      ran.push(`send ${name}`);
      if (name === 'c') sent.resolve();
    });
    await Promise.resolve();
    ran.push(name);
  };
  // One round of the event loop: nothing here waits for it.
  await turn('a');
  await turn('b');
  await turn('c');
  await sent.promise;
  expect(ran).toEqual(['send a', 'a', 'b', 'c', 'send b', 'send c']);
  await turn('d');
  expect(ran.slice(-2)).toEqual(['send d', 'd']);
});

it('continues after a task that throws', async () => {
  const scheduler = nodeScheduler();
  const caught = new Promise<unknown>((resolve) => process.prependOnceListener('uncaughtException', resolve));
  const listeners = process.listeners('uncaughtException').slice(1);
  for (const listener of listeners) process.removeListener('uncaughtException', listener);
  const after = new Promise<void>((resolve) => {
    scheduler.schedule(() => {
      throw new Error('task');
    });
    scheduler.schedule(resolve);
  });
  await after;
  expect(await caught).toMatchObject({ message: 'task' });
  for (const listener of listeners) process.on('uncaughtException', listener);
});

function burnThreeMs(): void {
  const until = systemClock.now() + 3;
  while (systemClock.now() < until);
}
