import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../config.ts';
import { evidence } from '../testing/evidence.ts';
import type { AttemptFacts } from './decide-attempt.ts';
import { explainCandidates } from './explain-candidates.ts';

const healthy = { illness: () => undefined };

function reasons(
  facts: Partial<AttemptFacts>,
  chosen = facts.instances?.[0],
  health: typeof ill | typeof healthy = healthy,
): string[] {
  const usual: AttemptFacts = {
    nowMs: 0,
    startedAtMs: 0,
    deadlineAtMs: 1_000,
    connected: true,
    busAwaySinceMs: undefined,
    hasReports: true,
    instances: [],
    model: 'm:latest',
    tried: new Set(),
    failures: [],
  };
  return explainCandidates({ ...usual, ...facts }, chosen, health, resolveConfig()).map(
    ({ reason }) => reason,
  );
}

const ill = { illness: () => 'answered 503: busy' };
const cold = [{ name: 'm:latest', loaded: false }];

describe('the reason of each candidate', () => {
  it.each([
    ['its node is not alive', { alive: false }],
    ['its Ollama is down', { load: { state: 'down' as const } }],
    ['it does not list m:latest', { models: [{ name: 'other:latest' }] }],
    ['its queue is full', { load: { busy: 2, queued: 4 } }],
    ['it did not answer lately', { suspect: true }],
    ['its load report is old', { ageMs: 10_000 }],
    ['it has no free slot', { load: { busy: 2 } }],
    ['it would have to load the model first', { models: cold }],
    ['more of its slots are in use', { load: { busy: 1 } }],
    ['as good as the chosen one; the choice was random', {}],
  ])('is "%s"', (reason, more) => {
    expect(reasons({ instances: [evidence(), evidence({ node: 'b', ...more })] })).toEqual([
      'chosen',
      reason,
    ]);
  });

  it('names instances that were tried, refuse, have another digest or were not asked for', () => {
    const instances = [evidence(), evidence({ node: 'b' })];
    const b = new Set(['b/ollama-1']);
    expect(reasons({ instances, tried: b })[1]).toBe('it was tried before');
    expect(reasons({ instances, avoided: b }, instances[0], ill)[1]).toBe(
      'it refuses: it answered 503: busy',
    );
    expect(reasons({ instances, digest: 'other' })[1]).toBe('its copy of the model has another digest');
    const only = { node: 'host-1', instance: 'ollama-1' };
    expect(reasons({ instances, only })[1]).toBe('another instance was asked for');
  });

  it('is given for at most 32 instances, those that list the model first', () => {
    const others = Array.from({ length: 40 }, (_, index) =>
      evidence({ node: `x${index}`, models: [{ name: 'other:latest' }] }),
    );
    const instances = [...others, evidence({ node: 'b' }), evidence({ node: 'a' })];
    const shown = reasons({ instances }, instances[41]);
    expect(shown).toHaveLength(32);
    expect(shown.slice(0, 3)).toEqual([
      'chosen',
      'as good as the chosen one; the choice was random',
      'it does not list m:latest',
    ]);
  });
});
