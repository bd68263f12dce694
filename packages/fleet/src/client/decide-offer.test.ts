import { describe, expect, it } from 'vitest';
import { type EvidenceFacts, evidence } from '../testing/evidence.ts';
import { decideOffer } from './decide-offer.ts';

const cold = { name: 'm:latest', loaded: false, coldMs: 20_000 };
const soon: EvidenceFacts = { node: 'b', load: { slots: 1, busy: 1, waitMs: 3_000 } };

function decide(here: EvidenceFacts, elsewhere: readonly EvidenceFacts[], waitedMs = 1_000): 'take' | 'pass' {
  const facts = { here: evidence(here), elsewhere: elsewhere.map((one) => evidence(one)) };
  return decideOffer({ ...facts, model: 'm:latest', waitedMs });
}

describe('a request that is offered a slot', () => {
  it('takes it where its model is loaded', () => {
    expect(decide({}, [soon])).toBe('take');
  });

  it('passes where a load takes longer than the rest of the wait elsewhere', () => {
    expect(decide({ models: [cold] }, [soon])).toBe('pass');
  });

  it('takes it where the wait elsewhere is longer, or no other instance has the model loaded', () => {
    const late: EvidenceFacts = { node: 'b', load: { slots: 1, busy: 1, waitMs: 30_000 } };
    expect(decide({ models: [cold] }, [late])).toBe('take');
    expect(decide({ models: [cold] }, [{ ...soon, models: [cold] }])).toBe('take');
    expect(decide({ models: [cold] }, [])).toBe('take');
  });

  it('takes it once it has waited for as long as a load, so that passing ends', () => {
    expect(decide({ models: [cold] }, [soon], 20_000)).toBe('take');
  });

  it('takes it while no load time is learnt: a free slot comes before a queue', () => {
    expect(decide({ models: [{ name: 'm:latest', loaded: false }] }, [soon])).toBe('take');
  });
});
