import { expect, it } from 'vitest';
import { failed } from '../protocol/run-outcome.ts';
import { RunOutbox } from './run-outbox.ts';

const report = (runId: string, agentId = 'a1') => ({
  runId,
  agentId,
  incarnation: 1,
  node: 'h1',
  outcome: failed('task-failed', ''),
});

it('keeps each end until it is confirmed, the oldest first', () => {
  const outbox = new RunOutbox(10);
  for (const runId of ['r1', 'r2', 'r1', 'r3']) outbox.put(report(runId));
  outbox.confirm('r2');
  expect(outbox.oldest(10).map(({ runId }) => runId)).toEqual(['r1', 'r3']);
  expect(outbox.oldest(1).map(({ runId }) => runId)).toEqual(['r1']);
});

it('drops the oldest end when it is full, and names its run', () => {
  const outbox = new RunOutbox(2);
  expect(['r1', 'r2', 'r3'].map((runId) => outbox.put(report(runId)))).toEqual([undefined, undefined, 'r1']);
});

it('groups its runs by agent', () => {
  const outbox = new RunOutbox(10);
  outbox.put(report('r1', 'a1'));
  outbox.put(report('r2', 'a2'));
  outbox.put(report('r3', 'a1'));
  expect([...outbox.byAgent()]).toEqual([
    ['a1', ['r1', 'r3']],
    ['a2', ['r2']],
  ]);
});
