import { seededRandom } from '@drover/actor-core/testing';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../config.ts';
import { loadedFirst } from '../routing/loaded-first.ts';
import { type EvidenceFacts, evidence } from '../testing/evidence.ts';
import { decideMoves } from './decide-moves.ts';

const config = resolveConfig();

/** Calls `1`, `2`, … wait at `a`, which is full; `hosts` are the others. */
function decide(hosts: readonly EvidenceFacts[], models: readonly string[] = ['m:latest', 'm:latest']) {
  const full = evidence({ node: 'a', load: { slots: 1, busy: 1, queued: models.length } });
  const instances = [full, ...hosts.map((facts) => evidence(facts))];
  const queued = models.map((model, index) => ({ name: index + 1, model, queuedAt: 'a/ollama-1' }));
  const moves = decideMoves(queued, instances, loadedFirst, seededRandom(1), config);
  return moves.map(({ call, to }) => `${call.name} to ${to.node}`);
}

const oneSlot = { slots: 1, busy: 0, queued: 0 };

describe('moves of queued calls', () => {
  it('hand a free slot to the oldest call, and each slot once', () => {
    expect(decide([{ node: 'b', load: oneSlot }])).toEqual(['1 to b']);
    expect(
      decide([
        { node: 'b', load: oneSlot },
        { node: 'c', load: { ...oneSlot, slots: 9 } },
      ]),
    ).toHaveLength(2);
  });

  it('count what is on its way there already', () => {
    expect(decide([{ node: 'b', load: oneSlot, pending: 1 }])).toEqual([]);
  });

  it('leave everyone where he is while nobody else has a free slot', () => {
    expect(decide([])).toEqual([]);
    expect(decide([{ node: 'b', load: { slots: 2, busy: 2 } }])).toEqual([]);
  });

  it('pass over calls whose model the free instance does not list', () => {
    const other = { node: 'b', load: oneSlot, models: [{ name: 'Other:latest' }] };
    expect(decide([other], ['m:latest', 'm:latest', 'other:latest'])).toEqual(['3 to b']);
  });

  it('trust no doubtful evidence', () => {
    const doubts: EvidenceFacts[] = [
      { suspect: true },
      { ageMs: 3_001 },
      { alive: false },
      { load: { ...oneSlot, state: 'draining' } },
    ];
    for (const doubt of doubts) expect(decide([{ node: 'b', load: oneSlot, ...doubt }])).toEqual([]);
  });

  it('go where the policy says only: an unload stays where the model is', () => {
    const stay = [{ model: 'm:latest', queuedAt: 'a/ollama-1' }];
    const instances = [evidence({ node: 'a', load: { busy: 2 } }), evidence({ node: 'b' })];
    expect(decideMoves(stay, instances, (candidates) => candidates[0], seededRandom(1), config)).toEqual([]);
  });
});
