import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../config.ts';
import type { HostSeen } from '../placement/placement.ts';
import type { HostedAgent, RunReport } from '../protocol/host-report.ts';
import type { AgentRecord } from './agent-record.ts';
import { decideDirectory } from './decide-directory.ts';
import { isoTime } from './iso-time.ts';
import type { DirectoryEffect, DirectoryEvent } from './directory-event.ts';
import { loadDirectory, type DirectoryState } from './directory-state.ts';
import type { RunRecord } from './run-record.ts';

const random = { next: () => 0, id: () => 'unused' };
const host = (node: string, incarnation = 1, alive = true): HostSeen => ({ node, incarnation, alive });

/** A directory whose decisions are compared as transcripts: one line per effect. */
function setup(
  options: {
    config?: Parameters<typeof resolveConfig>[0];
    agents?: readonly AgentRecord[];
    runs?: readonly RunRecord[];
  } = {},
) {
  const config = resolveConfig(options.config);
  let nowMs = 0;
  const state: DirectoryState<string> = loadDirectory(
    config,
    new Set(['assistant']),
    { agents: options.agents ?? [], runs: options.runs ?? [] },
    nowMs,
  );
  const decide = (event: DirectoryEvent<string>): string[] =>
    decideDirectory(state, event, { nowMs, wallMs: 1_000 + nowMs, random }).map(line);
  return {
    state,
    decide,
    tick: (...hosts: HostSeen[]): string[] => decide({ type: 'tick', hosts }),
    advance: (ms: number): void => {
      nowMs += ms;
    },
    written: (write: number): string[] => decide({ type: 'written', write }),
    spawn: (
      id: string,
      changes: { key?: string; type?: string; name?: string; replyTo?: string } = {},
    ): string[] =>
      decide({
        type: 'spawn',
        id,
        key: changes.key ?? `key-${id}`,
        spec: { type: changes.type ?? 'assistant', name: changes.name ?? 'ann' },
        model: 'm:latest',
        waitMs: 1_500,
        replyTo: changes.replyTo ?? 'client',
      }),
    activated: (node: string, id: string, incarnation: number, nodeIncarnation = 1): string[] =>
      decide({ type: 'activated', node, nodeIncarnation, id, incarnation }),
    inventory: (node: string, survey: number, ...agents: HostedAgent[]): string[] =>
      decide({ type: 'inventory', node, nodeIncarnation: 1, survey, page: 0, pages: 1, agents }),
    submit: (id: string, runId: string): string[] =>
      decide({ type: 'submit', id, runId, input: 'hi', timeoutMs: 1_000, replyTo: 'client' }),
    settle: (runId: string, from: string | undefined = 'h1'): string[] =>
      decide({ type: 'settle', run: report(runId), from }),
  };
}

function report(runId: string): RunReport {
  const usage = { promptTokens: 1, completionTokens: 2, durationMs: 3 };
  return {
    runId,
    agentId: 'a1',
    incarnation: 1,
    node: 'h1',
    outcome: { status: 'completed', output: 'yes', usage },
  };
}

// oxlint-disable-next-line typescript/consistent-return -- every case returns; the compiler checks it
function line(effect: DirectoryEffect<string>): string {
  switch (effect.type) {
    case 'write-agent': {
      const { id, life, incarnation, node, nodeIncarnation, slot } = effect.record;
      return `write #${effect.write} agent/${slot} ${id} ${life} ${incarnation}@${node}.${nodeIncarnation}`;
    }
    case 'write-run': {
      const { runId, slot, outcome } = effect.record;
      const end =
        outcome === undefined ? 'running' : outcome.status === 'failed' ? outcome.code : 'completed';
      return `write #${effect.write} run/${slot} ${runId} ${end}`;
    }
    case 'order': {
      const { order } = effect;
      if (order.kind === 'activate')
        return `order ${effect.node} activate ${order.agent.id} ${order.agent.incarnation}`;
      if (order.kind === 'deactivate')
        return `order ${effect.node} deactivate ${order.id} ${order.incarnation}`;
      if (order.kind === 'survey') return `order ${effect.node} survey ${order.survey}`;
      return `order ${effect.node} ${order.kind} ${order.runId}`;
    }
    case 'answer': {
      const { answer } = effect;
      if (answer.kind === 'agent' || answer.kind === 'pending') {
        const { id, status, node, incarnation } = answer.agent;
        return `answer ${effect.to} ${answer.kind} ${id} ${status} ${incarnation}@${node}`;
      }
      if (answer.kind === 'error') return `answer ${effect.to} error ${answer.code}`;
      if (answer.kind === 'run') return `answer ${effect.to} run ${answer.run.runId} ${answer.run.status}`;
      if (answer.kind === 'agents')
        return `answer ${effect.to} agents ${answer.agents.map((agent) => agent.id).join()}`;
      return `answer ${effect.to} ${answer.kind}`;
    }
    case 'read-run':
      return `read run/${effect.slot} for ${effect.to}`;
    case 'note':
      return `note ${effect.message}`;
  }
}

/** Two hosts; agent a1 runs on h1. */
function withAgent(options: Parameters<typeof setup>[0] = {}) {
  const directory = setup(options);
  directory.tick(host('h1'));
  directory.spawn('a1');
  directory.written(1);
  directory.activated('h1', 'a1', 1);
  directory.tick(host('h1'), host('h2'));
  return directory;
}

const recordA1: AgentRecord = {
  v: 1,
  id: 'a1',
  slot: 0,
  type: 'assistant',
  name: 'ann',
  model: 'm:latest',
  options: {},
  life: 'active',
  incarnation: 4,
  node: 'h1',
  nodeIncarnation: 1,
  createdAtMs: 5,
  key: 'key-a1',
  request: '{"name":"ann","type":"assistant"}',
};
const runR1: RunRecord = {
  v: 1,
  runId: 'r1',
  slot: 0,
  ordinal: 0,
  agentId: 'a1',
  incarnation: 4,
  node: 'h1',
  input: 'hi',
  timeoutMs: 1_000,
};

function hosted(incarnation: number, runs: string[] = []): HostedAgent {
  return { id: 'a1', incarnation, state: 'busy', model: 'm:latest', runs };
}

describe('spawning', () => {
  it('records the agent, orders its activation once that is durable, and answers once the host has confirmed', () => {
    const { tick, spawn, written, activated } = setup();
    expect([
      ...tick(host('h1')),
      '-- spawn',
      ...spawn('a1'),
      '-- written',
      ...written(1),
      '-- activated',
      ...activated('h1', 'a1', 1),
    ]).toEqual([
      'order h1 survey 1',
      '-- spawn',
      'write #1 agent/0 a1 active 1@h1.1',
      '-- written',
      'order h1 activate a1 1',
      '-- activated',
      'answer client agent a1 ready 1@h1',
      'note agent a1 runs on h1, incarnation 1',
    ]);
  });

  it('hides an agent until its first record is durable', () => {
    const { tick, spawn, decide, written } = setup();
    tick(host('h1'));
    spawn('a1');
    expect(decide({ type: 'get', id: 'a1', replyTo: 'c' })).toEqual(['answer c error agent-not-found']);
    written(1);
    expect(decide({ type: 'get', id: 'a1', replyTo: 'c' })).toEqual(['answer c agent a1 starting 1@']);
  });

  it('refuses an unknown type, and any type while no host is alive, without a record', () => {
    const { tick, spawn } = setup();
    tick(host('h1', 1, false));
    expect(spawn('a1')).toEqual(['answer client error no-host']);
    expect(spawn('a1', { type: 'poet' })).toEqual(['answer client error unknown-agent-type']);
  });

  it('places on the host with the fewest agents', () => {
    const { tick, spawn } = withAgent();
    tick(host('h1'), host('h2'));
    expect(spawn('a2')).toEqual(['write #2 agent/1 a2 active 1@h2.1']);
  });

  it('answers with the same agent for the same key and request, before and after it runs', () => {
    const { tick, spawn, written, activated } = setup();
    tick(host('h1'));
    spawn('a1', { key: 'k' });
    expect(spawn('a2', { key: 'k', replyTo: 'again' })).toEqual([]);
    written(1);
    expect(activated('h1', 'a1', 1).slice(0, 2)).toEqual([
      'answer client agent a1 ready 1@h1',
      'answer again agent a1 ready 1@h1',
    ]);
    expect(spawn('a3', { key: 'k', replyTo: 'late' })).toEqual(['answer late agent a1 ready 1@h1']);
  });

  it('refuses the same key with another request', () => {
    expect(withAgent().spawn('a2', { key: 'key-a1', name: 'bob' })).toEqual([
      'answer client error idempotency-conflict',
    ]);
  });

  it('answers pending when the agent is recorded but its host does not confirm while the asker waits', () => {
    const { tick, spawn, written, advance } = setup();
    tick(host('h1'));
    spawn('a1');
    advance(1_000);
    expect(written(1)).toEqual(['order h1 activate a1 1']);
    advance(1_000);
    expect(tick(host('h1'))).toEqual(['order h1 activate a1 1', 'answer client pending a1 starting 1@']);
  });

  it('reuses the slot of the agent that stopped first when all are taken, never the slot of an active agent', () => {
    const { spawn, decide, written } = withAgent({ config: { maxAgents: 1 } });
    expect(spawn('a2')).toEqual(['answer client error no-host']);
    decide({ type: 'stop', id: 'a1', replyTo: 'c' });
    written(2);
    expect(spawn('a2')).toEqual(['write #3 agent/0 a2 active 1@h1.1']);
    expect(decide({ type: 'get', id: 'a1', replyTo: 'c' })).toEqual(['answer c error agent-not-found']);
  });
});

describe('a lost host', () => {
  it('costs the agent one incarnation: first the record is written, then the activation is ordered', () => {
    const { tick, written, activated } = withAgent();
    expect([...tick(host('h1', 1, false), host('h2')), ...written(2), ...activated('h2', 'a1', 2)]).toEqual([
      'note agent a1 lost on h1: its node left, is unreachable or was restarted; placing it again',
      'write #2 agent/0 a1 active 2@h2.1',
      'order h2 activate a1 2',
      'note agent a1 runs on h2, incarnation 2',
    ]);
  });

  it('leaves its agents unplaced until a host is alive, which may be a restart of the same node', () => {
    const { tick, advance, decide } = withAgent();
    expect(tick(host('h1', 1, false), host('h2', 1, false)).slice(1)).toEqual([]);
    expect(decide({ type: 'get', id: 'a1', replyTo: 'c' })).toEqual(['answer c agent a1 lost 1@']);
    advance(250);
    expect(tick(host('h1', 1, false), host('h2', 1, false))).toEqual([]);
    advance(250);
    expect(tick(host('h1', 2), host('h2', 1, false))).toEqual([
      'order h1 survey 3',
      'write #2 agent/0 a1 active 2@h1.2',
    ]);
  });

  it('ends its recorded runs with agent-lost, and a late report of their end changes nothing', () => {
    const { tick, submit, written, settle } = withAgent();
    expect([...submit('a1', 'r1'), ...written(2)]).toEqual([
      'write #2 run/0 r1 running',
      'answer client submitted',
      'order h1 dispatch r1',
    ]);
    expect(tick(host('h1', 1, false), host('h2')).slice(1)).toEqual([
      'write #3 run/0 r1 agent-lost',
      'write #4 agent/0 a1 active 2@h2.1',
    ]);
    written(3);
    expect(settle('r1', 'h1')).toEqual(['order h1 recorded r1']);
  });

  it('is not assumed while presence may still report the host', () => {
    const directory = setup({ agents: [recordA1] });
    expect(directory.tick(host('h2'))).toEqual(['order h2 survey 1']);
    directory.advance(2_000);
    expect(directory.tick(host('h1'), host('h2'))).toEqual(['order h1 survey 2', 'order h1 activate a1 4']);
    directory.advance(10_000);
    expect(directory.tick(host('h2'))).toContain('write #1 agent/0 a1 active 5@h2.1');
  });
});

describe('a silent host', () => {
  it('is ordered again with backoff, then another host is used', () => {
    const { tick, spawn, written, advance } = setup({ config: { activationAttempts: 2 } });
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
      '-- 4 s',
    ]);
  });

  it('that refuses an activation is replaced at once if another is alive', () => {
    const { tick, spawn, written, decide } = setup();
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
    ]);
  });
});

describe('a survey', () => {
  it('after a takeover confirms the agents that run where their records say', () => {
    const { tick, inventory, decide } = setup({ agents: [recordA1] });
    tick(host('h1'));
    expect(inventory('h1', 1, hosted(4))).toEqual(['note agent a1 runs on h1, incarnation 4']);
    expect(decide({ type: 'get', id: 'a1', replyTo: 'c' })).toEqual(['answer c agent a1 busy 4@h1']);
  });

  it('ends older incarnations of an agent, and agents without a record', () => {
    const { tick, inventory } = setup({ agents: [recordA1] });
    tick(host('h1'), host('h2'));
    expect(inventory('h2', 2, hosted(3), { ...hosted(1), id: 'a9' })).toEqual([
      'order h2 deactivate a1 3',
      'order h2 deactivate a9 1',
    ]);
  });

  it('finds an agent that its host no longer runs and places its next incarnation', () => {
    const { tick, inventory } = setup({ agents: [recordA1] });
    tick(host('h1'));
    expect(inventory('h1', 1)).toEqual([
      'note agent a1 lost on h1: its host no longer runs it; placing it again',
      'write #1 agent/0 a1 active 5@h1.1',
    ]);
  });

  it('does not count an agent as missing that was confirmed after the survey was sent', () => {
    const { tick, advance, spawn, written, activated, inventory } = setup();
    tick(host('h1'));
    spawn('a1');
    written(1);
    advance(1);
    activated('h1', 'a1', 1);
    expect(inventory('h1', 1)).toEqual([]);
  });

  it('shows which runs a host has received; the others are dispatched again', () => {
    const { tick, inventory, advance } = setup({
      agents: [recordA1],
      runs: [runR1, { ...runR1, runId: 'r2', slot: 1, ordinal: 1 }],
    });
    tick(host('h1'));
    inventory('h1', 1, hosted(4, ['r1']));
    advance(2_000);
    expect(tick(host('h1'))).toEqual(['order h1 dispatch r2']);
  });

  it('brings the model that the first task chose into the record', () => {
    const { tick, decide } = setup({ agents: [{ ...recordA1, model: '' }] });
    tick(host('h1'));
    decide({
      type: 'inventory',
      node: 'h1',
      nodeIncarnation: 1,
      survey: 1,
      page: 0,
      pages: 1,
      agents: [{ ...hosted(4), model: '' }],
    });
    const state = { id: 'a1', incarnation: 4, state: 'ready' as const, model: 'm:latest' };
    expect(decide({ type: 'states', node: 'h1', nodeIncarnation: 1, agents: [state] })).toEqual([
      'write #1 agent/0 a1 active 4@h1.1',
    ]);
  });
});

describe('a takeover', () => {
  it('ends the runs whose end the former leader did not record', () => {
    const { tick } = setup({
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
    const { tick, spawn, submit } = setup({
      agents: [recordA1],
      runs: [{ ...runR1, outcome: report('r1').outcome }],
    });
    tick(host('h1'));
    expect(spawn('a2', { key: 'key-a1', name: 'bob' })).toEqual(['answer client error idempotency-conflict']);
    expect(submit('a1', 'r1')).toEqual(['answer client submitted']);
  });
});

describe('stopping', () => {
  it('keeps the newest 32 waiting requests while the store does not answer', () => {
    const { decide, tick, spawn, written } = setup();
    tick(host('h1'));
    spawn('a1');
    written(1);
    for (let asker = 0; asker < 100; asker++) decide({ type: 'stop', id: 'a1', replyTo: `c${asker}` });
    const answers = written(2).filter((effect) => effect.startsWith('answer'));
    expect(answers).toHaveLength(32);
    expect(answers.at(-1)).toContain('c99');
  });

  it('is durable before it is answered, ends runs, and is final', () => {
    const { decide, written, tick, submit } = withAgent();
    submit('a1', 'r1');
    written(2);
    expect([...decide({ type: 'stop', id: 'a1', replyTo: 'c' }), '-- written', ...written(3)]).toEqual([
      'write #3 agent/0 a1 stopped 1@h1.1',
      'write #4 run/0 r1 agent-stopped',
      '-- written',
      'order h1 deactivate a1 1',
      'answer c agent a1 stopped 1@',
    ]);
    expect(tick(host('h1', 1, false), host('h2'))).toEqual([]);
    expect(decide({ type: 'stop', id: 'a1', replyTo: 'c' })).toEqual(['answer c agent a1 stopped 1@']);
    expect(submit('a1', 'r2')).toEqual(['answer client error agent-stopped']);
  });
});

describe('runs', () => {
  it('are answered from memory while they run and from the stream once they ended', () => {
    const { submit, written, settle, decide } = withAgent();
    submit('a1', 'r1');
    written(2);
    const show = () => decide({ type: 'run', runId: 'r1', replyTo: 'c' });
    expect(show()).toEqual(['answer c run r1 running']);
    expect(settle('r1')).toEqual(['write #3 run/0 r1 completed']);
    expect(show()).toEqual(['answer c run r1 running']);
    expect(written(3)).toEqual(['order h1 recorded r1']);
    expect(show()).toEqual(['read run/0 for c']);
    expect(decide({ type: 'run', runId: 'none', replyTo: 'c' })).toEqual(['answer c error run-not-found']);
  });

  it('are kept newest first: the slot of the run that ended first is reused', () => {
    const { settle, written, decide } = withAgent({ config: { maxRuns: 2 } });
    expect([...settle('r1'), ...settle('r2')]).toEqual([
      'write #2 run/0 r1 completed',
      'write #3 run/1 r2 completed',
    ]);
    written(2);
    written(3);
    expect(settle('r3')).toEqual(['write #4 run/0 r3 completed']);
    expect(decide({ type: 'run', runId: 'r1', replyTo: 'c' })).toEqual(['answer c error run-not-found']);
    // A run whose record is not yet durable keeps its slot.
    expect(settle('r4')).toEqual(['write #5 run/1 r4 completed']);
    expect(settle('r5')).toEqual(['order h1 recorded r5']);
  });

  it('are refused at once while the queue of their agent is full', () => {
    const { submit, written } = withAgent({ config: { maxQueuedTasks: 1 } });
    expect(submit('a1', 'r1')).toEqual(['write #2 run/0 r1 running']);
    expect(submit('a1', 'r2')).toEqual(['write #3 run/1 r2 running']);
    expect(submit('a1', 'r3')).toEqual(['answer client error agent-busy']);
    written(2);
    expect(submit('a1', 'r1')).toEqual(['answer client submitted']);
  });

  it('are dispatched again until the host confirms them', () => {
    const { submit, written, advance, tick, decide } = withAgent();
    submit('a1', 'r1');
    written(2);
    advance(1_000);
    expect(tick(host('h1'), host('h2'))).toEqual(['order h1 dispatch r1']);
    decide({ type: 'dispatched', node: 'h1', nodeIncarnation: 1, runId: 'r1' });
    advance(1_000);
    expect(tick(host('h1'), host('h2'))).toEqual([]);
  });
});

describe('isoTime', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [951_782_400_001, '2000-02-29T00:00:00.001Z'],
    [951_868_799_999, '2000-02-29T23:59:59.999Z'],
    [1_709_164_800_000, '2024-02-29T00:00:00.000Z'],
    [1_735_689_599_999, '2024-12-31T23:59:59.999Z'],
    [4_107_542_400_000, '2100-03-01T00:00:00.000Z'],
  ])('writes %d as %s', (wallMs, text) => {
    expect(isoTime(wallMs)).toBe(text);
  });
});
