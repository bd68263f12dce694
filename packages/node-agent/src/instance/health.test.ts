import { expect, it } from 'vitest';
import { decideHealth, decideNonsense, type Health, unknownHealth } from './health.ts';

const good = { kind: 'good', listing: { version: '1', tags: [], running: [] }, simulated: false } as const;
const silent = { kind: 'silent', reason: 'no answer' } as const;
const ready: Health = { state: 'ready', reason: '', failures: 0 };

it('is ready after one good probe, from any state', () => {
  for (const health of [unknownHealth, ready, decideNonsense(ready, 'HTML')])
    expect(decideHealth(health, good)).toEqual(ready);
});

it('is down at the third silent probe in a row', () => {
  const once = decideHealth(ready, silent);
  const twice = decideHealth(once, silent);
  expect([once.state, twice.state, decideHealth(twice, silent).state]).toEqual(['ready', 'ready', 'down']);
  expect(decideHealth(decideHealth(twice, good), silent).state).toBe('ready');
});

it.each(['refused', 'nonsense'] as const)('is down at once when the answer is %s', (kind) => {
  expect(decideHealth(ready, { kind, reason: 'why' })).toMatchObject({ state: 'down', reason: 'why' });
});
