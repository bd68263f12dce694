import { expect, it } from 'vitest';
import { StartTimes } from './start-times.ts';
import { MessageRates } from './message-rates.ts';

it('estimates the age of any actor to a few hundredths, whatever their number', () => {
  const births = new StartTimes();
  const days = 2 * 24 * 3_600;
  for (let second = 0; second <= days; second++) births.sample(second * 10 + 1, second * 1_000);
  const nowMs = days * 1_000;
  for (let uid = 1; uid < days * 10; uid += 997) {
    const bornMs = uid * 100;
    const age = nowMs - bornMs;
    const error = Math.abs((births.of(uid) as number) - bornMs);
    expect(error).toBeLessThan(Math.max(2_000, age / 10));
  }
  expect(births.of(0)).toBe(0);
  expect(births.of(days * 10 + 1)).toBeUndefined();
});

it('measures a rate since the previous sample, unless that is too young or too old', () => {
  const rates = new MessageRates();
  const actor = { processed: 100 };
  expect(rates.sample(actor, 0)).toBeUndefined();
  actor.processed = 150;
  expect(rates.sample(actor, 100)).toBeUndefined();
  expect(rates.sample(actor, 250)).toBe(200);
  actor.processed = 1_000;
  expect(rates.sample(actor, 300)).toBe(200);
  expect(rates.sample(actor, 1_250)).toBe(850);
  expect(rates.sample(actor, 60_000)).toBeUndefined();
});
