import { describe, expect, it } from 'vitest';
import { rendezvous } from './rendezvous.ts';

const names = Array.from({ length: 4_000 }, (_, index) => `order/${index}`);
const equal = (...ids: string[]) => ids.map((id) => ({ id, weight: 1 }));

function sharesOf(candidates: Parameters<typeof rendezvous>[1]): Map<string, number> {
  const shares = new Map<string, number>();
  for (const name of names) {
    const id = rendezvous(name, candidates) as string;
    shares.set(id, (shares.get(id) ?? 0) + 1);
  }
  return shares;
}

describe('rendezvous', () => {
  it('gives candidates of the same weight about the same share', () => {
    for (const share of sharesOf(equal('a', 'b', 'c', 'd')).values()) {
      expect(share).toBeGreaterThan(900);
      expect(share).toBeLessThan(1_100);
    }
  });

  it('gives twice the weight twice the share', () => {
    const shares = sharesOf([
      { id: 'a', weight: 1 },
      { id: 'b', weight: 2 },
    ]);
    expect((shares.get('b') as number) / (shares.get('a') as number)).toBeCloseTo(2, 0);
  });

  it('moves only what the new candidate gets', () => {
    for (const name of names) {
      const before = rendezvous(name, equal('a', 'b', 'c'));
      const after = rendezvous(name, equal('a', 'b', 'c', 'd'));
      expect([before, 'd']).toContain(after);
    }
  });

  it('does not depend on the order of the candidates', () => {
    for (const name of names.slice(0, 100))
      expect(rendezvous(name, equal('c', 'a', 'b'))).toBe(rendezvous(name, equal('a', 'b', 'c')));
  });

  it('gives nothing to a candidate without weight, and has no answer where none has any', () => {
    expect(rendezvous('a', [{ id: 'n', weight: 0 }])).toBeUndefined();
    expect(rendezvous('a', [])).toBeUndefined();
    const shares = sharesOf([...equal('a'), { id: 'b', weight: Number.NaN }]);
    expect([...shares.keys()]).toEqual(['a']);
  });
});
