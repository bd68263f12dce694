import { describe, expect, it } from 'vitest';
import { host, hosted, recordA1, runR1, testDirectory } from '../testing/test-directory.ts';

describe('a survey', () => {
  it('after a takeover confirms the agents that run where their records say', () => {
    const { tick, inventory, decide } = testDirectory({ agents: [recordA1] });
    tick(host('h1'));
    expect(inventory('h1', hosted(4))).toEqual(['note agent a1 runs on h1, incarnation 4']);
    expect(decide({ type: 'get', id: 'a1', replyTo: 'c' })).toEqual(['answer c agent a1 busy 4@h1']);
  });

  it('ends older incarnations of an agent, and agents without a record', () => {
    const { tick, inventory } = testDirectory({ agents: [recordA1] });
    tick(host('h1'), host('h2'));
    expect(inventory('h2', hosted(3), { ...hosted(1), id: 'a9' })).toEqual([
      'order h2 deactivate a1 3',
      'order h2 deactivate a9 1',
    ]);
  });

  it('shows which runs a host has received; the others are dispatched again', () => {
    const { tick, inventory, advance } = testDirectory({
      agents: [recordA1],
      runs: [runR1, { ...runR1, runId: 'r2', slot: 1, ordinal: 1 }],
    });
    tick(host('h1'));
    inventory('h1', hosted(4, ['r1']));
    advance(2_000);
    expect(tick(host('h1'))).toEqual(['order h1 dispatch r2']);
  });

  it('shows that a host has lost a run; the second time the run is dispatched again', () => {
    const { tick, inventory, advance } = testDirectory({ agents: [recordA1], runs: [runR1] });
    tick(host('h1'));
    inventory('h1', hosted(4, ['r1']));
    inventory('h1', hosted(4));
    advance(2_000);
    expect(tick(host('h1'))).toEqual([]);
    inventory('h1', hosted(4));
    expect(tick(host('h1'))).toEqual(['order h1 dispatch r1']);
  });

  it('brings the model that the first task chose into the record', () => {
    const { tick, inventory, decide } = testDirectory({ agents: [{ ...recordA1, model: '' }] });
    tick(host('h1'));
    inventory('h1', { ...hosted(4), model: '' });
    const state = { id: 'a1', incarnation: 4, state: 'ready' as const, model: 'm:latest' };
    expect(decide({ type: 'states', node: 'h1', nodeIncarnation: 1, agents: [state] })).toEqual([
      'write #1 agent/0 a1 active 4@h1.1 by 10',
    ]);
  });

  it('is repeated for each host, and at once for one that appears', () => {
    const { tick, advance } = testDirectory();
    expect(tick(host('h1'))).toEqual(['order h1 survey 1']);
    advance(1_000);
    expect(tick(host('h1'), host('h2'))).toEqual(['order h2 survey 2']);
    expect(tick(host('h1'), host('h2', 2))).toEqual(['order h2 survey 3']);
    advance(4_000);
    expect(tick(host('h1'), host('h2', 2))).toEqual(['order h1 survey 4']);
  });
});
