import { describe, expect, it } from 'vitest';
import { type EvidenceFacts, evidence } from '../testing/evidence.ts';
import { routedRequest } from '../testing/routed-request.ts';
import { createResidentFirst } from './resident-first.ts';

const policy = createResidentFirst();
const cold = [{ name: 'm:latest', loaded: false }];

/** Node of the chosen candidate; each candidate is on a node of its own. */
function choose(candidates: Record<string, EvidenceFacts>): string | undefined {
  const all = Object.entries(candidates).map(([node, facts]) => evidence({ ...facts, node }));
  return policy(routedRequest({ model: 'm:latest' }), all)?.node;
}

describe('resident-first', () => {
  it('chooses an instance that has the model loaded, even a full one', () => {
    expect(choose({ idle: { models: cold }, full: { load: { busy: 2, queued: 4 } } })).toBe('full');
  });

  it('chooses the least used instance among equals', () => {
    expect(choose({ busy: { load: { busy: 2 } }, idle: { load: { busy: 0 } } })).toBe('idle');
    expect(choose({ mine: { models: cold, pending: 2 }, other: { models: cold, pending: 1 } })).toBe('other');
  });

  it('chooses nothing without a candidate', () => {
    expect(choose({})).toBeUndefined();
  });
});
