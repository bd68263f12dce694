import { expect, it } from 'vitest';
import { decideHealth, decideNonsense, type Health, unknownHealth } from './health.ts';

const good = { kind: 'good', listing: { version: '1', tags: [], running: [] }, simulated: false } as const;
const silent = { kind: 'silent', reason: 'no answer' } as const;
const ready: Health = { state: 'ready', reason: '', failures: 0 };

it('is ready after one good probe, from any state', () => {
  for (const health of [unknownHealth, ready, decideNonsense(ready, 'HTML')])
    expect(decideHealth(health, good, false)).toEqual(ready);
});

it('is down at the third silent probe in a row', () => {
  const once = decideHealth(ready, silent, false);
  const twice = decideHealth(once, silent, false);
  expect([once.state, twice.state, decideHealth(twice, silent, false).state]).toEqual([
    'ready',
    'ready',
    'down',
  ]);
  expect(decideHealth(decideHealth(twice, good, false), silent, false).state).toBe('ready');
});

it.each(['refused', 'nonsense'] as const)('is down at once when the answer is %s', (kind) => {
  expect(decideHealth(ready, { kind, reason: 'why' }, true)).toMatchObject({ state: 'down', reason: 'why' });
});

it('stays ready while answers move, however often a probe is silent', () => {
  let health: Health = { ...ready, failures: 2 };
  for (let i = 0; i < 5; i++) health = decideHealth(health, silent, true);
  expect(health).toEqual(ready);
  expect(decideHealth(unknownHealth, silent, true).state).toBe('starting');
});
