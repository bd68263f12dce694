import { describe, expect, it } from 'vitest';
import { sameAncestors } from './npm-watch.ts';

describe('the ancestors of a process that npm started', () => {
  it('are the same while nobody ended', () => {
    expect(sameAncestors({ parent: 10, grandparent: 5 }, { parent: 10, grandparent: 5 })).toBe(true);
  });

  it('have changed when the shell between ended', () => {
    expect(sameAncestors({ parent: 10, grandparent: 5 }, { parent: 1, grandparent: 0 })).toBe(false);
  });

  it('have changed when npm itself ended and the shell went on', () => {
    expect(sameAncestors({ parent: 10, grandparent: 5 }, { parent: 10, grandparent: 1 })).toBe(false);
  });

  it('count as the same where the system does not tell the grandparent', () => {
    expect(sameAncestors({ parent: 10, grandparent: 0 }, { parent: 10, grandparent: 0 })).toBe(true);
  });
});
