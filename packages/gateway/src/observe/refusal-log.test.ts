import type { Logger } from '@drover/actor-core';
import { ManualClock } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { RefusalLog } from './refusal-log.ts';

function setup() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const write = (_fields: object, message: string): void => void lines.push(message);
  const log: Logger = { debug() {}, info: write, warn: write, error: write };
  const refusals = new RefusalLog(clock, log);
  const refuse = (times: number): void => {
    for (let index = 0; index < times; index++)
      refusals.note({
        requestId: `r${index}`,
        model: 'm',
        message: 'all queues are full',
        retryAfterMs: 500,
      });
  };
  return { clock, lines, refusals, refuse };
}

it('logs the first refusal at once and the others of each interval as one line with their number', () => {
  const { clock, lines, refuse } = setup();
  refuse(1_000);
  expect(lines).toHaveLength(1);
  clock.advance(5_000);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain('999 more requests');
  clock.advance(60_000);
  expect(lines).toHaveLength(2);
  expect(clock.pending).toBe(0);
  refuse(1);
  expect(lines).toHaveLength(3);
});

it('logs the remaining refusals when the gateway stops, and leaves no timer', () => {
  const { clock, lines, refuse, refusals } = setup();
  refuse(3);
  refusals.stop();
  expect(lines[1]).toContain('2 more requests');
  expect(clock.pending).toBe(0);
});
