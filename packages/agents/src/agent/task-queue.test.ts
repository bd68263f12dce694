import { describe, expect, it } from 'vitest';
import type { RunOutcome } from '../protocol/run-outcome.ts';
import { createTaskQueue, decideTask, type TaskEffect, type TaskEvent } from './task-queue.ts';

const done: RunOutcome = {
  status: 'completed',
  output: 'hello',
  usage: { promptTokens: 1, completionTokens: 1, durationMs: 1 },
};

function setup(maxQueued = 2) {
  const queue = createTaskQueue<string>(maxQueued);
  const decide = (event: TaskEvent<string>): string[] => decideTask(queue, event, 0).map(line);
  return {
    decide,
    task: (runId: string, asker: string | undefined = 'ann') =>
      decide({ type: 'task', runId, input: 'hi', timeoutMs: 1_000, asker }),
    finish: (runId: string) => decide({ type: 'finished', runId, outcome: done }),
  };
}

// oxlint-disable-next-line typescript/consistent-return -- every case returns; the compiler checks it
function line(effect: TaskEffect<string>): string {
  switch (effect.type) {
    case 'start':
      return `start ${effect.task.runId}`;
    case 'abort':
      return `abort ${effect.runId}`;
    case 'await-deadline':
      return `deadline ${effect.runId} in ${effect.inMs}`;
    case 'accepted':
      return `tell ${effect.to} accepted ${effect.runId} at ${effect.position}`;
    case 'text':
      return `tell ${effect.to} text ${effect.runId} ${effect.offset}:${effect.text}`;
    case 'unknown-run':
      return `tell ${effect.to} unknown ${effect.runId}`;
    case 'settled':
      return `tell ${effect.to} settled ${effect.runId} ${end(effect.outcome)}`;
    case 'record':
      return `record ${effect.runId} ${end(effect.outcome)}`;
  }
}

function end(outcome: RunOutcome): string {
  return outcome.status === 'failed' ? outcome.code : outcome.status;
}

describe('the tasks of an agent', () => {
  it('run one at a time, in the order of their arrival', () => {
    const { task, finish } = setup();
    expect([...task('r1'), ...task('r2'), ...finish('r1'), ...finish('r2')]).toEqual([
      'deadline r1 in 1000',
      'start r1',
      'tell ann accepted r1 at 0',
      'deadline r2 in 1000',
      'tell ann accepted r2 at 1',
      'tell ann settled r1 completed',
      'record r1 completed',
      'start r2',
      'tell ann settled r2 completed',
      'record r2 completed',
    ]);
  });

  it('wait in a bounded queue; a task that finds it full is refused', () => {
    const { task } = setup(1);
    task('r1');
    task('r2');
    expect(task('r3')).toEqual(['tell ann settled r3 agent-busy', 'record r3 agent-busy']);
  });

  it('are identified by their run id, so that a repeated task message starts nothing', () => {
    const { task, finish } = setup();
    task('r1');
    expect(task('r1')).toEqual(['tell ann accepted r1 at 0']);
    finish('r1');
    expect(task('r1')).toEqual(['tell ann settled r1 completed']);
    expect(finish('r1')).toEqual([]);
  });

  it('are recorded again when a recorded run is given once more after its end', () => {
    const { decide, finish } = setup();
    const given = { type: 'task', runId: 'r1', input: 'hi', timeoutMs: 1_000, asker: undefined } as const;
    expect(decide(given)).toEqual(['deadline r1 in 1000', 'start r1']);
    expect(decide(given)).toEqual([]);
    expect(finish('r1')).toEqual(['record r1 completed']);
    expect(decide(given)).toEqual(['record r1 completed']);
  });

  it('send text with its offset, and again from the offset that a probe names', () => {
    const { task, decide } = setup();
    task('r1');
    decide({ type: 'text', runId: 'r1', text: 'one ' });
    expect(decide({ type: 'text', runId: 'r1', text: 'two' })).toEqual(['tell ann text r1 4:two']);
    expect(decide({ type: 'probe', runId: 'r1', have: 1, asker: 'ann' })).toEqual([
      'tell ann text r1 1:ne two',
    ]);
    expect(decide({ type: 'probe', runId: 'r1', have: 7, asker: 'ann' })).toEqual([
      'tell ann accepted r1 at 0',
    ]);
    expect(decide({ type: 'probe', runId: 'r9', have: 0, asker: 'ann' })).toEqual(['tell ann unknown r9']);
  });

  it('end when cancelled or overdue, running or waiting, and the next one starts', () => {
    const { task, decide } = setup();
    task('r1');
    task('r2');
    task('r3');
    expect(decide({ type: 'overdue', runId: 'r2' })).toEqual([
      'tell ann settled r2 deadline',
      'record r2 deadline',
    ]);
    expect(decide({ type: 'cancel', runId: 'r1', reason: 'enough' })).toEqual([
      'abort r1',
      'tell ann settled r1 cancelled',
      'record r1 cancelled',
      'start r3',
    ]);
    expect(decide({ type: 'overdue', runId: 'r1' })).toEqual([]);
    expect(decide({ type: 'text', runId: 'r1', text: 'late' })).toEqual([]);
  });

  it('end when their asker is gone, while recorded runs go on', () => {
    const { task, decide } = setup();
    task('r1', 'ann');
    decide({ type: 'task', runId: 'r2', input: 'hi', timeoutMs: 1_000, asker: undefined });
    task('r3', 'ann');
    expect(decide({ type: 'asker-gone', asker: 'ann' })).toEqual([
      'tell ann settled r3 cancelled',
      'record r3 cancelled',
      'abort r1',
      'tell ann settled r1 cancelled',
      'record r1 cancelled',
      'start r2',
    ]);
  });

  it('all end with an outcome when the agent ends', () => {
    const { task, decide } = setup();
    task('r1');
    task('r2');
    expect(decide({ type: 'end', code: 'task-failed', message: 'it crashed' })).toEqual([
      'tell ann settled r1 task-failed',
      'record r1 task-failed',
      'tell ann settled r2 task-failed',
      'record r2 task-failed',
    ]);
  });
});
