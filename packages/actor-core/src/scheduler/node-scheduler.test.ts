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

it('lets timers and I/O run while tasks go on scheduling tasks', async () => {
  const scheduler = nodeScheduler();
  let isOver = false;
  const again = () => {
    if (!isOver) scheduler.schedule(again);
  };
  scheduler.schedule(again);
  await new Promise<void>((resolve) => systemClock.setTimer(5, resolve));
  isOver = true;
});

it('still runs a task scheduled after its slice was used up by long tasks', async () => {
  const scheduler = nodeScheduler();
  for (let round = 0; round < 20; round++) {
    await new Promise<void>((resolve) => {
      scheduler.schedule(() => {
        burnThreeMs();
        // Scheduled past the slice, and run in the same drain.
        scheduler.schedule(() => undefined);
      });
      systemClock.setTimer(5, () => scheduler.schedule(resolve));
    });
  }
});

it('comes back to the event loop after nearly every task where they take long', async () => {
  const scheduler = nodeScheduler();
  let inARow = 0;
  const rows: number[] = [];
  await new Promise<void>((resolve) => {
    // A task on its own, scheduled by the event loop, ends the row each time.
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
  // A slice may end late once, until it is known that they take long.
  expect(Math.max(...rows.slice(2))).toBeLessThanOrEqual(4);
});

it('goes on after a task that throws', async () => {
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
