import { expect, it } from 'vitest';
import { evidence } from '../testing/evidence.ts';
import {
  queueRetryAfterMs,
  isFull,
  learntServiceMs,
  loadWaitMs,
  queueWaitMs,
  reportsFull,
} from './queue-wait.ts';

const model = { name: 'm:latest', serviceMs: 400 };

it('adds the wait that the instance reports and the requests that no report includes yet', () => {
  const busy = { busy: 2, queued: 2, waitMs: 9_000 };
  expect(queueWaitMs(evidence({ load: busy, models: [model] }), 'm:latest')).toBe(9_000);
  expect(queueWaitMs(evidence({ load: busy, models: [model], pending: 2 }), 'm:latest')).toBe(9_400);
});

it('does not count requests that exceed the places of the instance', () => {
  const busy = { busy: 2, queued: 3, waitMs: 9_000 };
  expect(queueWaitMs(evidence({ load: busy, models: [model], pending: 400 }), 'm:latest')).toBe(9_200);
});

it('is zero while a slot is free', () => {
  expect(queueWaitMs(evidence({ load: { busy: 1, waitMs: 9_000 } }), 'm:latest')).toBe(0);
});

it('assumes a second for a request without a learnt service time', () => {
  expect(queueWaitMs(evidence({ load: { busy: 2, queued: 4 } }), 'm:latest')).toBe(3_000);
});

it('adds the load time of the model', () => {
  const cold = { ...model, loaded: false };
  expect(loadWaitMs(evidence({ models: [model] }), 'm:latest')).toBe(0);
  expect(loadWaitMs(evidence({ models: [{ ...cold, coldMs: 8_000 }] }), 'm:latest')).toBe(8_000);
  expect(loadWaitMs(evidence({ models: [cold] }), 'm:latest')).toBe(400);
});

it('uses the times that any instance has learnt for a model', () => {
  const learnt = evidence({ models: [model] });
  expect(learntServiceMs([evidence(), learnt], 'm:latest')).toBe(400);
  expect(learntServiceMs([evidence()], 'm:latest')).toBeUndefined();
});

it('is full when slots and queue are taken, its own requests included', () => {
  expect(isFull(evidence({ load: { busy: 2, queued: 4 } }))).toBe(true);
  expect(isFull(evidence({ load: { busy: 2, queued: 3 } }))).toBe(false);
  const ours = evidence({ load: { busy: 2, queued: 3 }, pending: 1 });
  expect([isFull(ours), reportsFull(ours)]).toEqual([true, false]);
  const left = evidence({ load: { busy: 2, queued: 4 }, pending: -1 });
  expect([isFull(left), reportsFull(left)]).toEqual([false, false]);
});

it('names the time in which about half of the queue is served as retry time, within bounds', () => {
  expect(queueRetryAfterMs(5_900)).toBe(2_950);
  expect(queueRetryAfterMs(10)).toBe(500);
  expect(queueRetryAfterMs(600_000)).toBe(60_000);
});
