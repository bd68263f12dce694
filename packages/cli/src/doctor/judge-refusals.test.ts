import { describe, expect, it } from 'vitest';
import type { RefusalStatus } from '../gateway-client/status-report.ts';
import { judgeRefusals } from './judge-refusals.ts';

const busy: RefusalStatus = { reason: 'answered 503: server busy', inRow: 12, ageMs: 3_200 };

function node(id: string, refusals: readonly RefusalStatus[], state = 'alive') {
  return { id, state, instances: [{ name: 'ollama-1', state: 'ready', refusals }] };
}

describe('the check of refusals', () => {
  it('finds no fault when no host refuses, and when a node reports no refusals', () => {
    expect(judgeRefusals([node('a', []), { id: 'b', state: 'alive' }])).toMatchObject({ ok: true, fix: '' });
  });

  it('names a ready host that refuses one model, and one that refuses all models', () => {
    const memory = { model: 'big:latest', reason: 'answered 500: too little memory', inRow: 1, ageMs: 600 };
    const verdict = judgeRefusals([node('agent-1', [busy]), node('agent-2', [memory])]);
    expect(verdict.ok).toBe(false);
    expect(verdict.detail).toBe(
      'ollama-1 on agent-1 refuses every model (12 times in a row, 3 s ago): it answered 503: server busy; ' +
        'ollama-1 on agent-2 refuses big:latest (1 time in a row, 1 s ago): it answered 500: too little memory',
    );
    expect(verdict.fix).toContain('ollama-1 on agent-1');
  });

  it('leaves out unreachable nodes, which another check names', () => {
    expect(judgeRefusals([node('a', [busy], 'unreachable')]).ok).toBe(true);
  });

  it('counts the refusals that it does not name', () => {
    const many = Array.from({ length: 5 }, (_, index) => node(`agent-${index}`, [busy]));
    expect(judgeRefusals(many).detail).toMatch(/ and 2 more$/);
  });
});
