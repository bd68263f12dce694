import { expect, it } from 'vitest';
import { RunnerActivity } from './runner-cpu.ts';

function watched(...samples: ([number, number][] | undefined)[]): number | undefined {
  const activity = new RunnerActivity();
  for (const [index, sample] of samples.entries())
    activity.take(
      sample?.map(([pid, cpuMs]) => ({ pid, cpuMs })),
      index * 5_000,
    );
  return activity.stillForMs;
}

it('is unknown before two samples are compared', () => {
  expect(watched()).toBeUndefined();
  expect(watched([[1, 500]])).toBeUndefined();
  expect(watched(undefined, undefined)).toBeUndefined();
});

it('notices a single tick of CPU time', () => {
  expect(watched([[1, 500]], [[1, 510]])).toBe(0);
});

it('adds up the idle time of a runner', () => {
  expect(watched([[1, 500]], [[1, 500]], [[1, 500]], [[1, 500]])).toBe(15_000);
  expect(watched([[1, 500]], [[1, 500]], [[1, 900]], [[1, 900]])).toBe(5_000);
});

it('begins again with another process, and after a sample without one', () => {
  expect(watched([[1, 500]], [[2, 500]])).toBeUndefined();
  expect(watched([[1, 500]], [[1, 500]], undefined, [[1, 500]])).toBeUndefined();
});

it('reports for several runners only that all of them are idle', () => {
  expect(
    watched(
      [
        [1, 5],
        [2, 5],
      ],
      [
        [1, 5],
        [2, 5],
      ],
    ),
  ).toBe(5_000);
  expect(
    watched(
      [
        [1, 5],
        [2, 5],
      ],
      [
        [1, 5],
        [2, 900],
      ],
    ),
  ).toBeUndefined();
});
