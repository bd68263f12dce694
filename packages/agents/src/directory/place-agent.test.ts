import { describe, expect, it } from 'vitest';
import { directoryWithAgent, host, recordA1, testDirectory } from '../testing/test-directory.ts';

describe('a lost host', () => {
  it('costs the agent one incarnation: first the record is written, then the activation is ordered', () => {
    const { tick, written, activated } = directoryWithAgent();
    expect([...tick(host('h1', 1, false), host('h2')), ...written(2), ...activated('h2', 'a1', 2)]).toEqual([
      'note agent a1 lost on h1: its node left, is unreachable or was restarted; placing it again',
      'write #2 agent/0 a1 active 2@h2.1',
      'remedy re-place agent a1 from h1 to h2',
      'order h2 activate a1 2',
      'note agent a1 runs on h2, incarnation 2',
    ]);
  });

  it('leaves its agents unplaced until a host is alive, which may be a restart of the same node', () => {
    const { tick, advance, decide } = directoryWithAgent();
    expect(tick(host('h1', 1, false), host('h2', 1, false)).slice(1)).toEqual([]);
    expect(decide({ type: 'get', id: 'a1', replyTo: 'c' })).toEqual(['answer c agent a1 lost 1@']);
    advance(250);
    expect(tick(host('h1', 1, false), host('h2', 1, false))).toEqual([]);
    advance(250);
    expect(tick(host('h1', 2), host('h2', 1, false))).toEqual([
      'order h1 survey 3',
      'write #2 agent/0 a1 active 2@h1.2',
      'remedy re-place agent a1 from h1 to h1',
    ]);
  });

  it('ends its recorded runs with agent-lost, and a late report of their end changes nothing', () => {
    const { tick, submit, written, settle } = directoryWithAgent();
    expect([...submit('a1', 'r1'), ...written(2)]).toEqual([
      'write #2 run/0 r1 running',
      'answer client submitted',
      'order h1 dispatch r1',
    ]);
    expect(tick(host('h1', 1, false), host('h2')).slice(1)).toEqual([
      'write #3 run/0 r1 agent-lost',
      'write #4 agent/0 a1 active 2@h2.1',
      'remedy re-place agent a1 from h1 to h2',
    ]);
    written(3);
    expect(settle('r1', 'h1')).toEqual(['order h1 recorded r1']);
  });

  it('is not assumed while presence may still report the host', () => {
    const directory = testDirectory({ agents: [recordA1] });
    expect(directory.tick(host('h2'))).toEqual(['order h2 survey 1']);
    directory.advance(2_000);
    expect(directory.tick(host('h1'), host('h2'))).toEqual(['order h1 survey 2', 'order h1 activate a1 4']);
    directory.advance(10_000);
    expect(directory.tick(host('h2'))).toContain('write #1 agent/0 a1 active 5@h2.1');
  });
});

describe('a silent host', () => {
  it('is ordered again with backoff, then another host is used', () => {
    const { tick, spawn, written, advance } = testDirectory({ config: { activationAttempts: 2 } });
    tick(host('h1'));
    spawn('a1');
    written(1);
    const hosts = [host('h1'), host('h2')];
    const lines: string[] = [];
    for (let second = 1; second <= 4; second++) {
      advance(1_000);
      lines.push(`-- ${second} s`, ...tick(...hosts).filter((entry) => entry.includes('a1')));
    }
    expect(lines).toEqual([
      '-- 1 s',
      'order h1 activate a1 1',
      '-- 2 s',
      'answer client pending a1 starting 1@',
      '-- 3 s',
      'note agent a1 lost on h1: the host does not answer; placing it again',
      'write #2 agent/0 a1 active 2@h2.1',
      'remedy re-place agent a1 from h1 to h2',
      '-- 4 s',
    ]);
  });

  it('that refuses an activation is replaced at once if another is alive', () => {
    const { tick, spawn, written, decide } = testDirectory();
    tick(host('h1'));
    spawn('a1');
    written(1);
    tick(host('h1'), host('h2'));
    expect(
      decide({
        type: 'not-activated',
        node: 'h1',
        nodeIncarnation: 1,
        id: 'a1',
        incarnation: 1,
        reason: 'no such type',
      }),
    ).toEqual([
      'note agent a1 lost on h1: no such type; placing it again',
      'write #2 agent/0 a1 active 2@h2.1',
      'remedy re-place agent a1 from h1 to h2',
    ]);
  });
});
