import { describe, expect, it } from 'vitest';
import { directoryWithAgent, host, recordA1, runR1, testDirectory } from '../testing/test-directory.ts';

describe('runs', () => {
  it('are answered from memory while they run and from the stream once they ended', () => {
    const { submit, written, settle, decide } = directoryWithAgent();
    submit('a1', 'r1');
    written(3);
    const show = () => decide({ type: 'run', runId: 'r1', replyTo: 'c' });
    expect(show()).toEqual(['answer c run r1 running']);
    expect(settle('r1')).toEqual(['write #4 run/0 r1 completed']);
    expect(show()).toEqual(['answer c run r1 running']);
    expect(written(4)).toEqual(['order h1 recorded r1']);
    expect(show()).toEqual(['read run/0 for c']);
    expect(decide({ type: 'run', runId: 'none', replyTo: 'c' })).toEqual(['answer c error run-not-found']);
  });

  it('are kept newest first: the slot of the run that ended first is reused', () => {
    const { settle, written, decide } = directoryWithAgent({ config: { maxRuns: 2 } });
    expect([...settle('r1'), ...settle('r2')]).toEqual([
      'write #3 run/0 r1 completed',
      'write #4 run/1 r2 completed',
    ]);
    written(3);
    written(4);
    expect(settle('r3')).toEqual(['write #5 run/0 r3 completed']);
    expect(decide({ type: 'run', runId: 'r1', replyTo: 'c' })).toEqual(['answer c error run-not-found']);
    // A run whose record is not yet durable keeps its slot.
    expect(settle('r4')).toEqual(['write #6 run/1 r4 completed']);
    expect(settle('r5')).toEqual(['order h1 recorded r5']);
  });

  it('are refused at once while the queue of their agent is full', () => {
    const { submit, written } = directoryWithAgent({ config: { maxQueuedTasks: 1 } });
    expect(submit('a1', 'r1')).toEqual(['write #3 run/0 r1 running']);
    expect(submit('a1', 'r2')).toEqual(['write #4 run/1 r2 running']);
    expect(submit('a1', 'r3')).toEqual(['answer client error agent-busy']);
    written(3);
    expect(submit('a1', 'r1')).toEqual(['answer client submitted']);
  });

  it('are dispatched again until the host confirms them', () => {
    const { submit, written, advance, tick, decide } = directoryWithAgent();
    submit('a1', 'r1');
    written(3);
    advance(1_000);
    expect(tick(host('h1'), host('h2'))).toEqual(['order h1 dispatch r1']);
    decide({ type: 'dispatched', node: 'h1', nodeIncarnation: 1, runId: 'r1' });
    advance(1_000);
    expect(tick(host('h1'), host('h2'))).toEqual([]);
  });
});

describe('a run without a reported end', () => {
  it('is ended by the leader some time after its deadline, and only once', () => {
    const { submit, written, advance, tick } = directoryWithAgent();
    const hosts = [host('h1'), host('h2')] as const;
    submit('a1', 'r1');
    written(3);
    advance(5_000);
    expect(tick(...hosts)).not.toContain('write #4 run/0 r1 deadline');
    advance(1_000);
    expect(tick(...hosts)).toContain('write #4 run/0 r1 deadline');
    expect(tick(...hosts)).not.toContain('write #5 run/0 r1 deadline');
  });

  it('keeps its deadline under the next leader, whose wall clock may be wrong', () => {
    const run = { ...runR1, deadlineAtMs: 2_000 };
    const { tick, owned, activated, advance } = testDirectory({ agents: [recordA1], runs: [run] });
    owned('h1', 'a1', 10);
    activated('h1', 'a1', 4);
    advance(5_999);
    expect(tick(host('h1')).join()).not.toContain('deadline');
    advance(1);
    expect(tick(host('h1')).join()).toContain('r1 deadline');
  });
});
