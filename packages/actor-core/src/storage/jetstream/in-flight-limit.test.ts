import { expect, it } from 'vitest';
import { settle } from '../../testing/settle.ts';
import { InFlightLimit } from './in-flight-limit.ts';

function setup(): {
  start(limit: InFlightLimit, name: string): Promise<string | undefined>;
  running: string[];
  end(): void;
} {
  const running: string[] = [];
  const ends: (() => void)[] = [];
  return {
    running,
    start: (limit, name) =>
      limit.run(async () => {
        running.push(name);
        await new Promise<void>((resolve) => ends.push(resolve));
        return name;
      }),
    end: () => ends.shift()?.(),
  };
}

it('runs as much as the limit at once and the rest in order', async () => {
  const bundle = setup();
  const limit = new InFlightLimit(2, 10);
  for (const name of ['a', 'b', 'c', 'd']) void bundle.start(limit, name);
  await settle(1);
  expect(bundle.running).toEqual(['a', 'b']);
  bundle.end();
  await settle(1);
  expect(bundle.running).toEqual(['a', 'b', 'c']);
  bundle.end();
  bundle.end();
  await settle(1);
  expect(bundle.running).toEqual(['a', 'b', 'c', 'd']);
});

it('refuses what would wait beyond its bound', async () => {
  const bundle = setup();
  const limit = new InFlightLimit(1, 1);
  const first = bundle.start(limit, 'a');
  void bundle.start(limit, 'b');
  expect(await bundle.start(limit, 'c')).toBeUndefined();
  bundle.end();
  expect(await first).toBe('a');
});

it('goes on after work that failed', async () => {
  const limit = new InFlightLimit(1, 1);
  const failure = new Error('failed');
  await expect(limit.run(() => Promise.reject(failure))).rejects.toBe(failure);
  expect(await limit.run(() => Promise.resolve('next'))).toBe('next');
});
