import { expect, it } from 'vitest';
import { SharedQuestion } from './shared-question.ts';

it('runs once at a time, and never answers with a run that began before the question', async () => {
  const runs: PromiseWithResolvers<number>[] = [];
  const question = new SharedQuestion(() => {
    const run = Promise.withResolvers<number>();
    runs.push(run);
    return run.promise;
  });
  const first = question.ask();
  const later = [question.ask(), question.ask(), question.ask()];
  expect(runs).toHaveLength(1);
  runs[0]?.resolve(1);
  expect(await first).toBe(1);
  await Promise.resolve();
  expect(runs).toHaveLength(2);
  const last = question.ask();
  runs[1]?.resolve(2);
  expect(await Promise.all(later)).toEqual([2, 2, 2]);
  await Promise.resolve();
  expect(runs).toHaveLength(3);
  runs[2]?.resolve(3);
  expect(await last).toBe(3);
});
