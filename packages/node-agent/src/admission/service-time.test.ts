import { expect, it } from 'vitest';
import { expectedRestMs, ServiceTimes } from './service-time.ts';

it('learns each model separately, under any case and tag of its name', () => {
  const times = new ServiceTimes();
  times.observe('m', 200);
  times.observe('big:70b', 30_000);
  expect(times.expectedMs('M:latest')).toBe(200);
  expect(times.expectedMs('big:70b')).toBe(30_000);
  expect(times.learntMs('other')).toBeUndefined();
  expect(times.expectedMs('other')).toBe(1_000);
});

it('changes little after one long answer among short ones', () => {
  const times = new ServiceTimes();
  for (let index = 0; index < 20; index += 1) times.observe('m', 500);
  times.observe('m', 30_000);
  expect(times.expectedMs('m')).toBeLessThan(1_200);
});

it('follows a lasting change', () => {
  const times = new ServiceTimes();
  times.observe('m', 500);
  for (let index = 0; index < 20; index += 1) times.observe('m', 5_000);
  expect(times.expectedMs('m')).toBeGreaterThan(4_500);
});

it('uses the learnt time of other instances until the first observation', () => {
  const times = new ServiceTimes();
  times.suggest('m', 300);
  expect([times.expectedMs('m'), times.learntMs('m')]).toEqual([300, undefined]);
  times.observe('m', 700);
  times.suggest('m', 300);
  expect(times.expectedMs('m')).toBe(700);
});

it('remembers a bounded number of models', () => {
  const times = new ServiceTimes();
  for (let index = 0; index < 600; index += 1) times.observe(`m${index}`, 200);
  expect(times.learntMs('m0')).toBeUndefined();
  expect(times.learntMs('m599')).toBe(200);
});

it('expects the rest of the learnt time, and half of the elapsed time beyond it', () => {
  expect(expectedRestMs(1_000, 200)).toBe(800);
  expect(expectedRestMs(1_000, 10_000)).toBe(5_000);
});
