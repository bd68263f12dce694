import { describe, expect, it } from 'vitest';
import { Figures } from './figures.ts';

function setup(): Figures {
  const figures = new Figures();
  for (const value of [10, 20, 30]) figures.add('ask', 'ours', value);
  for (const value of [10, 10, 5]) figures.add('ask', 'theirs', value);
  return figures;
}

describe('Figures', () => {
  it('computes the ratio within each round, then the median', () => {
    expect(setup().ratio('ask', 'ours', 'theirs')).toBe(2);
  });

  it('has no ratio when one side was not measured', () => {
    expect(setup().ratio('ask', 'ours', 'absent')).toBeUndefined();
    expect(setup().ratio('tell', 'ours', 'theirs')).toBeUndefined();
  });

  it('has no spread without a measurement', () => {
    expect(setup().spread('ask', 'absent')).toBeUndefined();
    expect(setup().spread('ask', 'ours')?.median).toBe(20);
  });
});
