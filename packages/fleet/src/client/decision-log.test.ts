import { ManualClock } from '@drover/actor-core/testing';
import { describe, expect, it } from 'vitest';
import { DecisionLog } from './decision-log.ts';

const place = { node: 'n', instance: 'i' };

function setup() {
  const clock = new ManualClock();
  return { clock, log: new DecisionLog(clock) };
}

describe('the decisions of a client', () => {
  it('describe a request while it runs and afterwards', () => {
    const { clock, log } = setup();
    const trail = log.begin('r1', 'M');
    trail.opened({ ...place, residencyKey: 'abc' });
    clock.advance(40);
    expect(log.find('r1')).toMatchObject({
      model: 'm:latest',
      chosen: place,
      attempts: [{ startedMs: 0, endedMs: null, outcome: 'running' }],
      outcome: 'running',
      ageMs: 40,
    });
    trail.closed(503, { outcome: 'refused', message: 'busy' });
    trail.failed('no-host', 'nobody');
    expect(log.find('r1')).toMatchObject({
      attempts: [{ endedMs: 40, outcome: 'refused', status: 503, message: 'busy' }],
      outcome: 'failed',
      error: { code: 'no-host', message: 'nobody' },
    });
  });

  it('are forgotten after 15 minutes, and beyond the newest 1,000', () => {
    const { clock, log } = setup();
    log.begin('old', 'm');
    clock.advance(15 * 60_000 + 1);
    expect(log.find('old')).toBeUndefined();
    for (let id = 0; id < 1_001; id += 1) log.begin(`r${id}`, 'm');
    expect(log.find('r0')).toBeUndefined();
    expect(log.find('r1')).toBeDefined();
  });

  it('are bounded for each request, in attempts and in text', () => {
    const { log } = setup();
    const trail = log.begin('r1', 'm');
    for (let attempt = 0; attempt < 100; attempt += 1) {
      trail.opened({ ...place, residencyKey: 'abc' });
      trail.closed(undefined, { outcome: 'failed', message: 'x'.repeat(10_000) });
    }
    const attempts = log.find('r1')?.attempts ?? [];
    expect(attempts).toHaveLength(16);
    expect(attempts[0]?.message).toHaveLength(300);
  });

  it('of a later request take the place of those of an earlier one with the same id', () => {
    const { log } = setup();
    log.begin('r1', 'a').ended('served');
    log.begin('r1', 'b');
    expect(log.find('r1')).toMatchObject({ model: 'b:latest', outcome: 'running' });
  });
});
