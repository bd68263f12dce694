import { expect, it } from 'vitest';
import { evidence } from '../testing/evidence.ts';
import { comeBackMs, isFull, learntServiceMs, loadWaitMs, queueWaitMs, reportsFull } from './queue-wait.ts';

const model = { name: 'm:latest', serviceMs: 400 };

it('counts the time that the instance expects, and its own requests that no report shows yet', () => {
  const busy = { busy: 2, queued: 2, waitMs: 9_000 };
  expect(queueWaitMs(evidence({ load: busy, models: [model] }), 'm:latest')).toBe(9_000);
  expect(queueWaitMs(evidence({ load: busy, models: [model], pending: 2 }), 'm:latest')).toBe(9_400);
});

it('counts none of its own requests that will not fit', () => {
  const busy = { busy: 2, queued: 3, waitMs: 9_000 };
  expect(queueWaitMs(evidence({ load: busy, models: [model], pending: 400 }), 'm:latest')).toBe(9_200);
});

it('is nothing while a slot is free', () => {
  expect(queueWaitMs(evidence({ load: { busy: 1, waitMs: 9_000 } }), 'm:latest')).toBe(0);
});

it('assumes a second for each request of which nothing was learnt', () => {
  expect(queueWaitMs(evidence({ load: { busy: 2, queued: 4 } }), 'm:latest')).toBe(3_000);
});

it('adds what it takes to load the model', () => {
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

it('asks a client to come back when about half of the queue has gone, within bounds', () => {
  expect(comeBackMs(5_900)).toBe(2_950);
  expect(comeBackMs(10)).toBe(500);
  expect(comeBackMs(600_000)).toBe(60_000);
});
