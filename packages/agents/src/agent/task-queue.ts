import type { RequestPrincipal } from '@drover/fleet';
import { failed, type RunOutcome } from '../protocol/run-outcome.ts';

/**
 * Tasks of one agent: the current one, the next ones in a bounded queue, and the newest outcomes, for askers that did
 * not receive theirs. `R` is an asker and is only passed on.
 */
export interface TaskQueue<R> {
  readonly maxQueued: number;
  current: Task<R> | undefined;
  readonly waiting: Task<R>[];
  /** Newest outcomes by run id, oldest first. */
  readonly ended: Map<string, RunOutcome>;
}

export interface Task<R> {
  readonly runId: string;
  readonly input: string;
  readonly deadlineAtMs: number;
  /** Receiver of text and outcome; undefined for a recorded run, whose outcome is in its record. */
  readonly asker: R | undefined;
  /** Who gave it. */
  readonly principal: RequestPrincipal | undefined;
  /** The answer so far. */
  text: string;
}

export type TaskEvent<R> =
  | {
      readonly type: 'task';
      readonly runId: string;
      readonly input: string;
      readonly timeoutMs: number;
      readonly asker: R | undefined;
      readonly principal?: RequestPrincipal | undefined;
    }
  | { readonly type: 'probe'; readonly runId: string; readonly have: number; readonly asker: R }
  | { readonly type: 'cancel'; readonly runId: string; readonly reason: string }
  | { readonly type: 'asker-gone'; readonly asker: R }
  | { readonly type: 'text'; readonly runId: string; readonly text: string }
  | { readonly type: 'finished'; readonly runId: string; readonly outcome: RunOutcome }
  | { readonly type: 'overdue'; readonly runId: string }
  /** The agent ends or restarts. */
  | {
      readonly type: 'end';
      readonly code: 'agent-stopped' | 'agent-lost' | 'task-failed';
      readonly message: string;
    };

export type TaskEffect<R> =
  | { readonly type: 'start'; readonly task: Task<R> }
  | { readonly type: 'abort'; readonly runId: string }
  /** Send the event `overdue` in `inMs`. */
  | { readonly type: 'await-deadline'; readonly runId: string; readonly inMs: number }
  | { readonly type: 'accepted'; readonly to: R; readonly runId: string; readonly position: number }
  | {
      readonly type: 'text';
      readonly to: R;
      readonly runId: string;
      readonly offset: number;
      readonly text: string;
    }
  | { readonly type: 'unknown-run'; readonly to: R; readonly runId: string }
  | { readonly type: 'settled'; readonly to: R; readonly runId: string; readonly outcome: RunOutcome }
  /** The run has ended and is to be recorded; `asker` if it had one. */
  | {
      readonly type: 'record';
      readonly runId: string;
      readonly outcome: RunOutcome;
      readonly asker: R | undefined;
    };

/** Largest number of outcomes that are kept for askers that did not receive them. */
const maxKeptOutcomes = 8;

export function createTaskQueue<R>(maxQueued: number): TaskQueue<R> {
  return { maxQueued, current: undefined, waiting: [], ended: new Map() };
}

/** Whether the queue knows the run: it waits, runs, or ended lately. */
export function hasRun(queue: TaskQueue<unknown>, runId: string): boolean {
  return queue.ended.has(runId) || positionOf(queue, runId) !== undefined;
}

/** Decides what to do about one event. `queue` is changed in place. */
// oxlint-disable-next-line typescript/consistent-return -- every case returns; the compiler checks it
export function decideTask<R>(queue: TaskQueue<R>, event: TaskEvent<R>, nowMs: number): TaskEffect<R>[] {
  switch (event.type) {
    case 'task':
      return acceptTask(queue, event, nowMs);
    case 'probe':
      return answerProbe(queue, event.asker, event.runId, event.have);
    case 'cancel':
      return endTask(queue, event.runId, failed('cancelled', event.reason));
    case 'asker-gone':
      return tasksOf(queue, event.asker).flatMap((task) =>
        endTask(queue, task.runId, failed('cancelled', 'the asker is gone')),
      );
    case 'text':
      return growText(queue, event.runId, event.text);
    case 'finished':
      return queue.current?.runId === event.runId
        ? endCurrent(queue, queue.current, event.outcome, false)
        : [];
    case 'overdue':
      return endTask(queue, event.runId, failed('deadline', 'the task did not end within its timeoutMs'));
    case 'end':
      return endAll(queue, failed(event.code, event.message));
  }
}

function acceptTask<R>(
  queue: TaskQueue<R>,
  event: Extract<TaskEvent<R>, { type: 'task' }>,
  nowMs: number,
): TaskEffect<R>[] {
  const { runId, input, timeoutMs, asker, principal } = event;
  const outcome = queue.ended.get(runId);
  if (outcome !== undefined)
    // Who gives a recorded run again does not know its end.
    return [
      asker === undefined
        ? { type: 'record', runId, outcome, asker }
        : { type: 'settled', to: asker, runId, outcome },
    ];
  const known = positionOf(queue, runId);
  if (known !== undefined)
    return asker === undefined ? [] : [{ type: 'accepted', to: asker, runId, position: known }];
  const task: Task<R> = { runId, input, deadlineAtMs: nowMs + timeoutMs, asker, principal, text: '' };
  if (queue.current && queue.waiting.length >= queue.maxQueued) {
    return conclude(
      queue,
      task,
      failed('agent-busy', `${queue.waiting.length} tasks are already waiting; ask again later`),
    );
  }
  const effects: TaskEffect<R>[] = [{ type: 'await-deadline', runId, inMs: timeoutMs }];
  queue.waiting.push(task);
  if (!queue.current) effects.push(...startNext(queue));
  const position = positionOf(queue, runId) ?? 0;
  if (asker !== undefined) effects.push({ type: 'accepted', to: asker, runId, position });
  return effects;
}

function answerProbe<R>(queue: TaskQueue<R>, asker: R, runId: string, have: number): TaskEffect<R>[] {
  const outcome = queue.ended.get(runId);
  if (outcome) return [{ type: 'settled', to: asker, runId, outcome }];
  const position = positionOf(queue, runId);
  if (position === undefined) return [{ type: 'unknown-run', to: asker, runId }];
  const missing = position === 0 ? (queue.current?.text.slice(have) ?? '') : '';
  if (missing === '') return [{ type: 'accepted', to: asker, runId, position }];
  return [{ type: 'text', to: asker, runId, offset: have, text: missing }];
}

function growText<R>(queue: TaskQueue<R>, runId: string, text: string): TaskEffect<R>[] {
  const { current } = queue;
  if (current?.runId !== runId) return [];
  const offset = current.text.length;
  current.text += text;
  return current.asker === undefined ? [] : [{ type: 'text', to: current.asker, runId, offset, text }];
}

function endTask<R>(queue: TaskQueue<R>, runId: string, outcome: RunOutcome): TaskEffect<R>[] {
  if (queue.current?.runId === runId) return endCurrent(queue, queue.current, outcome, true);
  const index = queue.waiting.findIndex((task) => task.runId === runId);
  const [task] = index < 0 ? [] : queue.waiting.splice(index, 1);
  return task ? conclude(queue, task, outcome) : [];
}

/** Ends the current task. The next task starts at once, without waiting for an aborted model call to end. */
function endCurrent<R>(
  queue: TaskQueue<R>,
  task: Task<R>,
  outcome: RunOutcome,
  abort: boolean,
): TaskEffect<R>[] {
  queue.current = undefined;
  const effects: TaskEffect<R>[] = abort ? [{ type: 'abort', runId: task.runId }] : [];
  return [...effects, ...conclude(queue, task, outcome), ...startNext(queue)];
}

function endAll<R>(queue: TaskQueue<R>, outcome: RunOutcome): TaskEffect<R>[] {
  const tasks = queue.current ? [queue.current, ...queue.waiting] : [...queue.waiting];
  queue.current = undefined;
  queue.waiting.length = 0;
  return tasks.flatMap((task) => conclude(queue, task, outcome));
}

function conclude<R>(queue: TaskQueue<R>, task: Task<R>, outcome: RunOutcome): TaskEffect<R>[] {
  const { runId, asker } = task;
  queue.ended.set(runId, outcome);
  for (const oldest of queue.ended.keys()) {
    if (queue.ended.size <= maxKeptOutcomes) break;
    queue.ended.delete(oldest);
  }
  const record: TaskEffect<R> = { type: 'record', runId, outcome, asker };
  return asker === undefined ? [record] : [{ type: 'settled', to: asker, runId, outcome }, record];
}

function startNext<R>(queue: TaskQueue<R>): TaskEffect<R>[] {
  const task = queue.waiting.shift();
  queue.current = task;
  return task ? [{ type: 'start', task }] : [];
}

/** 0 = current, 1 = next. */
function positionOf(queue: TaskQueue<unknown>, runId: string): number | undefined {
  if (queue.current?.runId === runId) return 0;
  const index = queue.waiting.findIndex((task) => task.runId === runId);
  return index < 0 ? undefined : index + 1;
}

function tasksOf<R>(queue: TaskQueue<R>, asker: R): Task<R>[] {
  // Lists the waiting tasks first, so that the end of the current task does not start another task of the same asker.
  return [...queue.waiting, ...(queue.current ? [queue.current] : [])].filter((task) => task.asker === asker);
}
