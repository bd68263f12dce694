import { describe, expect, it } from 'vitest';
import { directoryWithAgent, host, hosted, recordA1, testDirectory } from '../testing/test-directory.ts';

describe('a host that ended', () => {
  it('costs the agent one incarnation: the entity is started, and the host that owns it then gets the order', () => {
    const { tick, owned, written, activated } = directoryWithAgent();
    expect([
      ...tick(host('h1', 2, false), host('h2')),
      '-- owned',
      ...owned('h2', 'a1', 20),
      ...written(3),
      ...activated('h2', 'a1', 2),
    ]).toEqual([
      'order h1 survey 3',
      'note agent a1 lost on h1: its node left, ended or was restarted; placing it again',
      'start a1',
      '-- owned',
      'write #3 agent/0 a1 active 2@h2.1 by 20',
      'remedy re-place agent a1 from h1 to h2',
      'order h2 activate a1 2',
      'note agent a1 runs on h2, incarnation 2',
    ]);
  });

  it('leaves its agents lost, and their entities are started with backoff until a host owns them', () => {
    const { tick, advance, decide, owned } = directoryWithAgent();
    tick(host('h1', 2, false));
    expect(decide({ type: 'get', id: 'a1', replyTo: 'c' })).toEqual(['answer c agent a1 lost 1@']);
    const lines: string[] = [];
    for (let second = 1; second <= 7; second++) {
      advance(1_000);
      lines.push(`-- ${second} s`, ...tick(host('h1', 2, false)).filter((line) => line.startsWith('start')));
    }
    const starts = [
      '-- 1 s',
      'start a1',
      '-- 2 s',
      '-- 3 s',
      'start a1',
      '-- 4 s',
      '-- 5 s',
      '-- 6 s',
      '-- 7 s',
    ];
    expect(lines).toEqual([...starts, 'start a1']);
    expect(owned('h1', 'a1', 20, { nodeIncarnation: 2 })[0]).toBe('write #3 agent/0 a1 active 2@h1.2 by 20');
  });

  it('ends its recorded runs with agent-lost, and a late report of their end changes nothing', () => {
    const { tick, submit, written, settle } = directoryWithAgent();
    expect([...submit('a1', 'r1'), ...written(3)]).toEqual([
      'write #3 run/0 r1 running',
      'answer client submitted',
      'order h1 dispatch r1',
    ]);
    expect(tick(host('h1', 2), host('h2')).slice(2)).toEqual(['write #4 run/0 r1 agent-lost', 'start a1']);
    written(4);
    expect(settle('r1', 'h1')).toEqual(['order h1 recorded r1']);
  });

  it('is not assumed while the view may still show the host', () => {
    const directory = testDirectory({ agents: [recordA1] });
    expect(directory.tick(host('h2'))).toEqual(['order h2 survey 1']);
    directory.advance(2_000);
    expect(directory.tick(host('h1'), host('h2'))).toEqual(['order h1 survey 2', 'order h1 activate a1 4']);
    directory.advance(10_000);
    expect(directory.tick(host('h2'))).toContain('start a1');
  });
});

describe('an owner', () => {
  it('that asks again gets the order again, and no other incarnation', () => {
    const { owned } = directoryWithAgent();
    expect(owned('h1', 'a1', 10)).toEqual(['order h1 activate a1 1']);
  });

  it('that comes later gets the next incarnation; the runs of the one before end', () => {
    const { owned, submit, written } = directoryWithAgent();
    submit('a1', 'r1');
    written(3);
    expect(owned('h2', 'a1', 20)).toEqual([
      'note agent a1 lost on h1: another host has taken it; placing it again',
      'write #4 run/0 r1 agent-lost',
      'write #5 agent/0 a1 active 2@h2.1 by 20',
      'remedy re-place agent a1 from h1 to h2',
    ]);
    expect(owned('h2', 'a1', 20)).toEqual([]);
    expect(written(5)).toEqual(['order h2 activate a1 2']);
  });

  it('of before gets nothing, also where the agent is lost', () => {
    const { owned, tick, decide } = directoryWithAgent();
    expect(owned('h2', 'a1', 9)).toEqual([]);
    decide({ type: 'ended', node: 'h1', nodeIncarnation: 1, id: 'a1', incarnation: 1 });
    expect(owned('h2', 'a1', 9)).toEqual([]);
    expect(tick(host('h1'), host('h2'))).toEqual([]);
  });

  it('of an agent that nobody knows, or that was stopped, gives it up for good', () => {
    const { owned, decide, written } = directoryWithAgent();
    expect(owned('h1', 'a9', 5)).toEqual(['order h1 deactivate a9 9007199254740991']);
    decide({ type: 'stop', id: 'a1', replyTo: 'c' });
    expect(owned('h2', 'a1', 20)).toEqual([]);
    written(3);
    expect(owned('h2', 'a1', 20)).toEqual(['order h2 deactivate a1 1']);
  });

  it('that the view does not have gets nothing', () => {
    const { owned } = directoryWithAgent();
    expect(owned('h1', 'a1', 20, { nodeIncarnation: 2 })).toEqual([]);
    expect(owned('h3', 'a1', 20)).toEqual([]);
  });

  it('that has given the agent up is replaced by the next one, and the agent is started if none comes', () => {
    const { decide, tick, advance } = directoryWithAgent();
    const hosts = [host('h1'), host('h2')];
    expect(decide({ type: 'ended', node: 'h1', nodeIncarnation: 1, id: 'a1', incarnation: 1 })).toEqual([
      'note agent a1 left h1: its host gave it up; placing it again',
    ]);
    expect(tick(...hosts)).toEqual([]);
    advance(1_000);
    expect(tick(...hosts)).toEqual(['start a1']);
  });
});

describe('a run of an agent that its host gave up', () => {
  it('goes on with the next incarnation, and a lost host later ends it', () => {
    const { decide, submit, written, owned, tick, activated } = directoryWithAgent();
    submit('a1', 'r1');
    written(3);
    decide({ type: 'ended', node: 'h1', nodeIncarnation: 1, id: 'a1', incarnation: 1 });
    expect(tick(host('h1'), host('h2'))).toEqual([]);
    expect(owned('h2', 'a1', 20)[0]).toBe('write #4 agent/0 a1 active 2@h2.1 by 20');
    expect(tick(host('h1'), host('h2'))).toEqual([]);
    expect(written(4)).toEqual(['order h2 activate a1 2', 'write #5 run/0 r1 running']);
    expect([...activated('h2', 'a1', 2), ...written(5)].at(-1)).toBe('order h2 dispatch r1');
    expect(tick(host('h1'), host('h2', 2))).toContain('write #6 run/0 r1 agent-lost');
  });

  it('goes on also where only the next owner tells of that', () => {
    const { submit, written, owned } = directoryWithAgent();
    submit('a1', 'r1');
    written(3);
    expect(owned('h2', 'a1', 20, { isHandedOver: true }).slice(0, 2)).toEqual([
      'note agent a1 left h1: another host has taken it; placing it again',
      'write #4 agent/0 a1 active 2@h2.1 by 20',
    ]);
    expect(written(4)).toContain('write #5 run/0 r1 running');
  });
});

describe('an agent of release 0.3.0', () => {
  const { owner: _, ...recordOf030 } = recordA1;

  it('stays on the host that its leader chose while that host runs', () => {
    const { tick, inventory, owned } = testDirectory({ agents: [recordOf030] });
    tick(host('h1'), host('h2'));
    inventory('h1', hosted(4));
    expect(owned('h2', 'a1', 20)).toEqual([]);
  });

  it('becomes an entity when that host has ended, with the next incarnation', () => {
    const { tick, owned } = testDirectory({ agents: [recordOf030] });
    expect(tick(host('h1', 2))).toEqual([
      'order h1 survey 1',
      'note agent a1 lost on h1: its node left, ended or was restarted; placing it again',
      'start a1',
    ]);
    expect(owned('h1', 'a1', 20, { nodeIncarnation: 2 })[0]).toBe('write #1 agent/0 a1 active 5@h1.2 by 20');
  });
});

describe('a silent host', () => {
  it('is ordered again with backoff, then the agent counts as lost', () => {
    const { tick, spawn, owned, written, advance } = testDirectory({ config: { activationAttempts: 2 } });
    tick(host('h1'));
    spawn('a1');
    written(1);
    owned('h1', 'a1', 10);
    written(2);
    const lines: string[] = [];
    for (let second = 1; second <= 4; second++) {
      advance(1_000);
      lines.push(`-- ${second} s`, ...tick(host('h1')).filter((entry) => entry.includes('a1')));
    }
    expect(lines).toEqual([
      '-- 1 s',
      'order h1 activate a1 1',
      '-- 2 s',
      'answer client pending a1 starting 1@',
      '-- 3 s',
      'note agent a1 lost on h1: the host does not answer; placing it again',
      'start a1',
      '-- 4 s',
      'start a1',
    ]);
  });

  it('that cannot run the agent loses it', () => {
    const { tick, spawn, owned, written, decide } = testDirectory();
    tick(host('h1'));
    spawn('a1');
    written(1);
    owned('h1', 'a1', 10);
    written(2);
    const stamp = { node: 'h1', nodeIncarnation: 1, id: 'a1', incarnation: 1 };
    expect(decide({ type: 'not-activated', ...stamp, reason: 'no such type' })).toEqual([
      'note agent a1 left h1: no such type; placing it again',
    ]);
  });
});
