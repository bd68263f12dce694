import { expect, it } from 'vitest';
import type { VoterChange } from '../leadership/voters.ts';
import { refuseChange } from './voter-request.ts';

function refusal(
  voters: readonly string[],
  change: VoterChange,
  { dead = [] }: { dead?: readonly string[] } = {},
) {
  const isAlive = (node: string): boolean => !dead.includes(node);
  return refuseChange(voters, change, { isAlive, isEligible: (node) => isAlive(node) && node !== 'gw' });
}

it('allows one voter more or less while a majority of the new voters is alive', () => {
  expect(refusal(['a'], { add: 'b' })).toBeUndefined();
  expect(refusal(['a', 'b'], { add: 'c' })).toBeUndefined();
  expect(refusal(['a', 'b', 'c'], { remove: 'c' }, { dead: ['c'] })).toBeUndefined();
  expect(refusal(['a', 'b', 'c'], { add: 'd' }, { dead: ['c'] })).toBeUndefined();
});

it('refuses a change after which the living voters are no majority', () => {
  expect(refusal(['a', 'b', 'c'], { remove: 'a' }, { dead: ['c'] })).toBe('no-quorum');
  expect(refusal(['a', 'b', 'c', 'd'], { remove: 'a' }, { dead: ['c', 'd'] })).toBe('no-quorum');
});

it('refuses what changes nothing, and more than five voters or fewer than one', () => {
  expect(refusal(['a'], { add: 'a' })).toBe('already-voter');
  expect(refusal(['a'], { remove: 'b' })).toBe('not-a-voter');
  expect(refusal(['a'], { remove: 'a' })).toBe('last-voter');
  expect(refusal(['a', 'b', 'c', 'd', 'e'], { add: 'f' })).toBe('too-many-voters');
});

it('refuses a node that cannot vote, or that is not there', () => {
  expect(refusal(['a'], { add: 'gw' })).toBe('not-eligible');
  expect(refusal(['a'], { add: 'b' }, { dead: ['b'] })).toBe('not-eligible');
});
