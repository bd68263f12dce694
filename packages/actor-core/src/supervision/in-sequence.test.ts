import { expect, it } from 'vitest';
import { inSequence } from './in-sequence.ts';

it('runs the next step only when the previous step is done', () => {
  const trace: string[] = [];
  const waiting: (() => void)[] = [];
  inSequence(
    ['a', 'b'],
    (item, done) => {
      trace.push(item);
      waiting.push(done);
    },
    () => trace.push('end'),
  );
  expect(trace).toEqual(['a']);
  waiting[0]?.();
  waiting[0]?.();
  expect(trace).toEqual(['a', 'b']);
  waiting[1]?.();
  expect(trace).toEqual(['a', 'b', 'end']);
});

it('does not deepen the stack for steps that are done at once', () => {
  let finished = false;
  inSequence(
    Array.from({ length: 200_000 }, (_, i) => i),
    (_, done) => done(),
    () => {
      finished = true;
    },
  );
  expect(finished).toBe(true);
});
