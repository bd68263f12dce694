import type { AttemptView, RequestDecisions } from '@drover/fleet';
import { expect, it } from 'vitest';
import { stagesOf } from './stages.ts';

const attempt = (
  instance: string,
  startedMs: number,
  endedMs: number | null,
  outcome: AttemptView['outcome'],
) => ({
  node: 'n',
  instance,
  startedMs,
  endedMs,
  outcome,
});

function decisions(attempts: readonly AttemptView[]): RequestDecisions {
  return {
    requestId: 'r',
    model: 'm',
    residencyKey: null,
    chosen: null,
    candidates: [],
    routing: { healthMs: 0.5, breakerMs: 1, usable: 2, avoided: 1 },
    attempts,
    outcome: 'served',
    ageMs: 100,
  };
}

it('has the stages of a request that waited at one host', () => {
  const one = decisions([attempt('a', 2, 90, 'served')]);
  expect(stagesOf(one, { admittedMs: 5, queuedMs: 40, endedMs: 96 })).toEqual([
    { stage: 'admission', startedMs: 0, endedMs: 5 },
    { stage: 'health', startedMs: 5, endedMs: 5.5, hosts: 2 },
    { stage: 'breaker', startedMs: 5.5, endedMs: 6, hosts: 1 },
    { stage: 'queue', startedMs: 7, endedMs: 45 },
    { stage: 'attempt', startedMs: 7, endedMs: 95, place: 'n/a', outcome: 'served' },
  ]);
});

it('shows the time that failed attempts cost as retry', () => {
  const two = decisions([attempt('a', 1, 30, 'failed'), attempt('b', 31, 60, 'served')]);
  const stages = stagesOf(two, { admittedMs: 0, queuedMs: 31, endedMs: 61 });
  const names = stages.map(({ stage }) => stage);
  expect(names).toEqual(['admission', 'health', 'breaker', 'queue', 'retry', 'attempt', 'attempt']);
  expect(stages[4]).toEqual({ stage: 'retry', startedMs: 1, endedMs: 31 });
});

it('has only the admission of a request that no host was asked for', () => {
  expect(stagesOf(undefined, { admittedMs: 3, queuedMs: undefined, endedMs: 4 })).toEqual([
    { stage: 'admission', startedMs: 0, endedMs: 3 },
  ]);
});

it('has the limits of the key before everything that the fleet decides, and the choice where it found no host', () => {
  const limit = { stage: 'rate-limit', startedMs: 1, endedMs: 2 } as const;
  const times = { admittedMs: 3, queuedMs: undefined, endedMs: 9 };
  const names = stagesOf(decisions([]), times, [limit]).map(({ stage }) => stage);
  expect(names).toEqual(['admission', 'rate-limit', 'health', 'breaker']);
});

it('ends an attempt that still runs, for a client that left, with the request', () => {
  const left = decisions([attempt('a', 1, null, 'running')]);
  expect(stagesOf(left, { admittedMs: 0, queuedMs: undefined, endedMs: 9 }).at(-1)).toMatchObject({
    endedMs: 9,
  });
});
