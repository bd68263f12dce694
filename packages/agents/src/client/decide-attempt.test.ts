import type { ActorRef } from '@drover/actor-core';
import { describe, expect, it } from 'vitest';
import { failed } from '../protocol/run-outcome.ts';
import type { TaskMessage, TaskReply } from '../protocol/task-message.ts';
import { type AttemptEffect, type AttemptEvent, decideAttempt, newAttempt } from './decide-attempt.ts';

const agent: ActorRef<TaskMessage> = {
  address: { node: 'host-1', nodeIncarnation: 1, path: 'agents/a1-1', uid: 7 },
  tell: () => undefined,
};
const usage = { promptTokens: 1, completionTokens: 1, durationMs: 1 };

/** An attempt whose decisions are compared as transcripts: one line per effect. */
function setup() {
  const state = newAttempt({ timeoutMs: 60_000, silenceMs: 5_000 }, 0);
  let nowMs = 0;
  const decide = (event: AttemptEvent): string[] => decideAttempt(state, event, nowMs).map(line);
  const reply = (message: TaskReply): string[] => decide({ type: 'reply', reply: message });
  return {
    decide,
    advance: (ms: number): void => void (nowMs += ms),
    accepted: (position = 0) => reply({ kind: 'accepted', runId: 'r1', agent, position }),
    text: (offset: number, text: string) => reply({ kind: 'text', runId: 'r1', offset, text }),
    completed: (output: string) =>
      reply({ kind: 'settled', runId: 'r1', outcome: { status: 'completed', output, usage } }),
    failed: () => reply({ kind: 'settled', runId: 'r1', outcome: failed('agent-busy', 'full') }),
    unknown: () => reply({ kind: 'unknown-run', runId: 'r1' }),
  };
}

// oxlint-disable-next-line typescript/consistent-return -- every case returns; the compiler checks it
function line(effect: AttemptEffect): string {
  switch (effect.type) {
    case 'ask':
    case 'report-start':
      return effect.type;
    case 'probe':
      return `probe from ${effect.have}`;
    case 'cancel':
      return `cancel at ${effect.to === undefined ? 'path' : 'holder'}`;
    case 'report-text':
      return `text ${effect.text}`;
    case 'await-grace':
      return 'await grace';
    case 'end':
      return `end ${effect.end.type}${effect.end.type === 'settled' ? ` ${codeOf(effect.end.outcome)}` : ''}`;
  }
}

function codeOf(outcome: { status: string; code?: string }): string {
  return outcome.code ?? outcome.status;
}

describe('an attempt', () => {
  it('reports the start, each piece of text and the end', () => {
    const { accepted, text, completed } = setup();
    expect([...accepted(), ...text(0, 'one '), ...text(4, 'two'), ...completed('one two')]).toEqual([
      'report-start',
      'text one ',
      'text two',
      'end settled completed',
    ]);
  });

  it('reports no start while the task waits in the queue of the agent, and none if the task is refused', () => {
    const { accepted, failed: refused } = setup();
    expect([...accepted(2), ...refused()]).toEqual(['end settled agent-busy']);
  });

  it('asks once for missing text, and reports it once it has arrived', () => {
    const { accepted, text } = setup();
    accepted();
    text(0, 'one ');
    expect([...text(8, 'three'), ...text(13, ' four')]).toEqual(['probe from 4']);
    expect(text(4, 'two three four')).toEqual(['text two three four']);
    expect(text(13, ' four')).toEqual([]);
  });

  it('takes text that was lost from the outcome', () => {
    const { accepted, completed } = setup();
    accepted();
    expect(completed('all of it')).toEqual(['text all of it', 'end settled completed']);
  });

  it('repeats the task until the agent has accepted it, then probes', () => {
    const { decide, accepted, unknown } = setup();
    expect([...decide({ type: 'check' }), ...unknown()]).toEqual(['ask', 'ask']);
    accepted();
    expect(decide({ type: 'check' })).toEqual(['probe from 0']);
  });

  it.each([
    ['cancelled', 'cancelled'],
    ['overdue', 'deadline'],
  ] as const)('cancels the task at the agent when it is %s', (type, code) => {
    const early = setup();
    expect(early.decide({ type })).toEqual(['cancel at path', `end settled ${code}`]);
    const late = setup();
    late.accepted();
    expect(late.decide({ type })).toEqual(['cancel at holder', `end settled ${code}`]);
  });

  it('ends exactly once', () => {
    const { completed, decide, text } = setup();
    completed('x');
    expect([...decide({ type: 'cancelled' }), ...text(1, 'y'), ...decide({ type: 'stopped' })]).toEqual([]);
  });
});

describe('an attempt whose agent is gone', () => {
  it('is moved if the agent had not accepted the task', () => {
    expect(setup().decide({ type: 'agent-terminated', node: 'host-1', reason: 'no-such-actor' })).toEqual([
      'end moved',
    ]);
  });

  it('is lost at once with the node of the agent', () => {
    const { accepted, decide } = setup();
    accepted();
    expect(decide({ type: 'agent-terminated', node: 'host-1', reason: 'node-down' })).toEqual(['end lost']);
  });

  it('waits for the last messages of an agent that was stopped', () => {
    const { accepted, decide, failed: stopped } = setup();
    accepted();
    expect(decide({ type: 'agent-terminated', node: 'host-1', reason: 'stopped' })).toEqual(['await grace']);
    expect(stopped()).toEqual(['end settled agent-busy']);
    expect(decide({ type: 'grace-over', message: 'gone' })).toEqual([]);
  });

  it('is lost when the agent no longer knows the run', () => {
    const { accepted, unknown } = setup();
    accepted();
    expect(unknown()).toEqual(['end lost']);
  });

  it('ends after silenceMs without a reply: lost if the agent had accepted the task, else moved', () => {
    const accepted = setup();
    accepted.accepted();
    accepted.advance(5_000);
    expect(accepted.decide({ type: 'check' })).toEqual(['end lost']);
    const unanswered = setup();
    unanswered.advance(5_000);
    expect(unanswered.decide({ type: 'check' })).toEqual(['end moved']);
  });
});
