import { expect, it } from 'vitest';
import { ManualClock } from '../../testing/manual-clock.ts';
import { settle } from '../../testing/settle.ts';
import { PacedSends } from './paced-sends.ts';

function setup(max = 10, maxWaiting = 10) {
  const clock = new ManualClock();
  const sends = new PacedSends(max, maxWaiting, clock);
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const start = (name: string): Promise<string | undefined> =>
    sends.run(async () => {
      started.push(name);
      await new Promise<void>((resolve) => ends.push(resolve));
      return name;
    });
  return { clock, started, start, end: () => ends.shift()?.() };
}

it('starts operations at once while few are in flight', async () => {
  const { started, start } = setup();
  void start('a');
  void start('b');
  await settle(1);
  expect(started).toEqual(['a', 'b']);
});

it('starts what waits together once it is half of what is in flight', async () => {
  const { started, start, end } = setup();
  for (const name of ['a', 'b', 'c', 'd']) void start(name);
  await settle(1);
  expect(started).toEqual(['a', 'b', 'c']);
  end();
  await settle(2);
  expect(started).toEqual(['a', 'b', 'c', 'd']);
});

it('holds nothing for more than 2 ms', async () => {
  const { clock, started, start } = setup();
  for (const name of ['a', 'b', 'c', 'd']) void start(name);
  clock.advance(2);
  await settle(1);
  expect(started).toEqual(['a', 'b', 'c', 'd']);
});

it('never exceeds its limit, and refuses what would wait beyond its bound', async () => {
  const { clock, started, start, end } = setup(1, 1);
  const first = start('a');
  void start('b');
  expect(await start('c')).toBeUndefined();
  clock.advance(2);
  await settle(1);
  expect(started).toEqual(['a']);
  end();
  expect(await first).toBe('a');
  await settle(2);
  expect(started).toEqual(['a', 'b']);
});
