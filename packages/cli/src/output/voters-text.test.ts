import { expect, it } from 'vitest';
import { votersText } from './voters-text.ts';

const voter = (node: string, evidence = 'alive') => ({ node, evidence, evidenceAgeMs: 240 });

it('shows the voters, and how many of them can be lost', () => {
  const report = {
    voters: [voter('a'), voter('b'), { node: 'c', evidence: 'unheard' }],
    quorum: 2,
    alive: 2,
  };
  expect(votersText(report)).toEqual([
    'VOTER  HEARD',
    'a      alive 0.2s ago',
    'b      alive 0.2s ago',
    'c      unheard',
    '2 of 3 voters alive, 2 needed: none can be lost',
  ]);
});

it('says what an even number is worth, and when no leader can be elected', () => {
  expect(votersText({ voters: [voter('a'), voter('b')], quorum: 2, alive: 2 }).at(-1)).toBe(
    '2 of 2 voters alive, 2 needed: none can be lost; an even number tolerates no more than one voter less: ' +
      'add or remove one',
  );
  expect(votersText({ voters: [voter('a'), voter('b', 'unreachable')], quorum: 2, alive: 1 }).at(-1)).toBe(
    '1 of 2 voters alive, 2 needed: no leader can be elected until 1 more are back',
  );
});
