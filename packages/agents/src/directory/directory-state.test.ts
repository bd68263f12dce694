import { describe, expect, it } from 'vitest';
import { host, recordA1, report, runR1, testDirectory } from '../testing/test-directory.ts';

describe('a takeover', () => {
  it('ends the runs whose end the former leader did not record', () => {
    const { tick } = testDirectory({
      agents: [recordA1, { ...recordA1, id: 'a2', key: 'k2', slot: 1, life: 'stopped' }],
      runs: [
        { ...runR1, incarnation: 3 },
        { ...runR1, runId: 'r2', slot: 1, ordinal: 1, agentId: 'a2' },
        { ...runR1, runId: 'r3', slot: 2, ordinal: 2, agentId: 'gone' },
      ],
    });
    expect(tick(host('h1'))).toEqual([
      'order h1 survey 1',
      'write #1 run/2 r3 agent-lost',
      'write #2 run/0 r1 agent-lost',
      'write #3 run/1 r2 agent-stopped',
    ]);
  });

  it('knows the keys of spawns and the ids of runs', () => {
    const { tick, spawn, submit } = testDirectory({
      agents: [recordA1],
      runs: [{ ...runR1, outcome: report('r1').outcome }],
    });
    tick(host('h1'));
    expect(spawn('a2', { key: 'key-a1', name: 'bob' })).toEqual(['answer client error idempotency-conflict']);
    expect(submit('a1', 'r1')).toEqual(['answer client submitted']);
  });
});
