import { seededRandom } from '@drover/actor-core/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../config.ts';
import { type EvidenceFacts, evidence } from '../testing/evidence.ts';
import { routedRequest } from '../testing/routed-request.ts';
import { createLoadedFirst } from './loaded-first.ts';

const policy = createLoadedFirst({ random: seededRandom(1), config: resolveConfig() });
const request = routedRequest({ model: 'm:latest' });
const cold = [{ name: 'm:latest', loaded: false }];

/** Which of the candidates is chosen, by node; each candidate is a node of its own. */
function choose(candidates: Record<string, EvidenceFacts>): string | undefined {
  const all = Object.entries(candidates).map(([node, facts]) => evidence({ ...facts, node }));
  return policy(request, all)?.node;
}

describe('loaded-first', () => {
  it('prefers a loaded model with a free slot, then any free slot, then the shortest wait', () => {
    const loadedFree = { load: { busy: 1 } };
    const coldFree = { models: cold };
    const loadedBusy = { load: { busy: 2, queued: 1 } };
    const loadedBusier = { load: { busy: 2, queued: 2 } };
    expect(choose({ loadedBusy, coldFree, loadedFree })).toBe('loadedFree');
    expect(choose({ loadedBusy, coldFree, loadedBusier })).toBe('coldFree');
    expect(choose({ loadedBusier, loadedBusy })).toBe('loadedBusy');
  });

  it('counts requests of its client that no report includes yet', () => {
    expect(choose({ mine: { pending: 2 }, theirs: { load: { busy: 2 } }, free: { models: cold } })).toBe(
      'free',
    );
    expect(
      choose({ more: { load: { busy: 2 }, pending: 2 }, fewer: { load: { busy: 2 }, pending: 1 } }),
    ).toBe('fewer');
  });

  it('takes more slots into account, and that a cold model must be loaded', () => {
    const eight = { load: { slots: 8, busy: 8, queued: 3 } };
    const one = { load: { slots: 1, busy: 1, queued: 1 } };
    expect(choose({ one, eight })).toBe('eight');
    expect(choose({ cold: { models: cold, load: { busy: 2 } }, hot: { load: { busy: 2, queued: 1 } } })).toBe(
      'hot',
    );
  });

  it('chooses a full instance only if all are full, and a doubtful one only after the others', () => {
    const full = { load: { busy: 2, queued: 4 } };
    const long = { models: cold, load: { slots: 1, busy: 1, queued: 30, maxQueue: 100 } };
    expect(choose({ full, long })).toBe('long');
    expect(choose({ full })).toBe('full');
    expect(choose({ suspect: { suspect: true }, busy: { load: { busy: 2 } } })).toBe('busy');
    expect(choose({ old: { ageMs: 3_001 }, busy: { load: { busy: 2 } } })).toBe('busy');
    expect(choose({ suspect: { suspect: true }, full })).toBe('suspect');
  });

  it('spreads ties at random', () => {
    const counts = new Map<string | undefined, number>();
    for (let round = 0; round < 3_000; round += 1) {
      const node = choose({ a: {}, b: {}, c: {} });
      counts.set(node, (counts.get(node) ?? 0) + 1);
    }
    for (const node of ['a', 'b', 'c']) expect(counts.get(node)).toBeGreaterThan(850);
  });

  it('counts a slot as free if a request of its client has just left it', () => {
    expect(choose({ left: { load: { busy: 1 }, pending: -1 }, busy: { load: { busy: 1 } } })).toBe('left');
    expect(choose({ left: { pending: -2 }, free: { models: cold } })).toBe('left');
  });

  it('chooses an instance whenever there is a candidate', () => {
    expect(choose({})).toBeUndefined();
    const load = fc.record({ slots: fc.nat(3), busy: fc.nat(4), queued: fc.nat(4), maxQueue: fc.nat(4) });
    const facts = fc.record({ load, pending: fc.nat(4), suspect: fc.boolean(), ageMs: fc.nat(9_000) });
    fc.assert(
      fc.property(fc.array(facts, { minLength: 1, maxLength: 5 }), (all) => {
        expect(all.map((one, index) => evidence({ ...one, node: `${index}` }))).toContainEqual(
          policy(
            request,
            all.map((one, index) => evidence({ ...one, node: `${index}` })),
          ),
        );
      }),
    );
  });
});
