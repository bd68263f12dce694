import type { ActorRef } from '@drover/actor-core';
import { failed, type RunOutcome } from '../protocol/run-outcome.ts';
import type { TaskMessage, TaskReply } from '../protocol/task-message.ts';
import { AnswerText } from './answer-text.ts';

/**
 * How one attempt at a task ended. `settled`: with the outcome of the agent · `lost`: the agent had accepted the task
 * and has ended · `moved`: the agent never accepted the task, so it may be given to the agent's next incarnation.
 */
export type TaskAttemptEnd =
  | { readonly type: 'settled'; readonly outcome: RunOutcome }
  | { readonly type: 'lost'; readonly message: string }
  | { readonly type: 'moved' };

/** What the asker knows about one attempt. Changed in place by `decideAttempt`. */
export interface AttemptState {
  readonly timeoutMs: number;
  /** Silence of the agent after which the attempt ends. */
  readonly silenceMs: number;
  readonly text: AnswerText;
  /** The incarnation of the agent that has accepted the task. */
  holder: ActorRef<TaskMessage> | undefined;
  /** The agent has begun to run the task. */
  started: boolean;
  /** Missing text was asked for and has not arrived. */
  repairing: boolean;
  ended: boolean;
  lastReplyAtMs: number;
}

export type AttemptEvent =
  | { readonly type: 'reply'; readonly reply: TaskReply }
  /** Sent every `probeMs`. */
  | { readonly type: 'check' }
  | { readonly type: 'cancelled' }
  | { readonly type: 'overdue' }
  | { readonly type: 'agent-terminated'; readonly node: string; readonly reason: string }
  /** The grace period of `await-grace` has passed. */
  | { readonly type: 'grace-over'; readonly message: string }
  /** The asker's own actor is stopped. */
  | { readonly type: 'stopped' };

export type AttemptEffect =
  /** Give the task to the agent. */
  | { readonly type: 'ask' }
  /** Ask the agent for its state and for text from `have` on. */
  | { readonly type: 'probe'; readonly to: ActorRef<TaskMessage>; readonly have: number }
  /** Cancel the task; `to` undefined: at the path of the agent. */
  | { readonly type: 'cancel'; readonly to: ActorRef<TaskMessage> | undefined; readonly reason: string }
  | { readonly type: 'report-start' }
  | { readonly type: 'report-text'; readonly text: string }
  /** Wait for the agent's last data messages, which use another lane; then send `grace-over`. */
  | { readonly type: 'await-grace'; readonly message: string }
  | { readonly type: 'end'; readonly end: TaskAttemptEnd };

export function newAttempt(
  limits: Pick<AttemptState, 'timeoutMs' | 'silenceMs'>,
  nowMs: number,
): AttemptState {
  return {
    ...limits,
    text: new AnswerText(),
    holder: undefined,
    started: false,
    repairing: false,
    ended: false,
    lastReplyAtMs: nowMs,
  };
}

/** Decides what to do about one event. An attempt ends exactly once; later events have no effect. */
// oxlint-disable-next-line typescript/consistent-return -- every case returns; the compiler checks it
export function decideAttempt(state: AttemptState, event: AttemptEvent, nowMs: number): AttemptEffect[] {
  if (state.ended) return [];
  switch (event.type) {
    case 'reply':
      state.lastReplyAtMs = nowMs;
      return handleReply(state, event.reply);
    case 'check':
      return check(state, nowMs);
    case 'cancelled':
      return cancel(state, failed('cancelled', 'the asker cancelled the task'));
    case 'overdue':
      return cancel(state, failed('deadline', `the task did not end within ${state.timeoutMs} ms`));
    case 'agent-terminated':
      return handleTermination(state, event.node, event.reason);
    case 'grace-over':
      return end(state, { type: 'lost', message: event.message });
    case 'stopped':
      return end(state, { type: 'lost', message: 'the asking node stopped the task' });
  }
}

// oxlint-disable-next-line typescript/consistent-return -- every case returns; the compiler checks it
function handleReply(state: AttemptState, reply: TaskReply): AttemptEffect[] {
  switch (reply.kind) {
    case 'accepted':
      state.holder ??= reply.agent;
      return reply.position === 0 ? start(state) : [];
    case 'text':
      return takeText(state, reply.offset, reply.text);
    case 'settled': {
      const { outcome } = reply;
      const rest = outcome.status === 'completed' ? report(state, state.text.complete(outcome.output)) : [];
      return [...rest, ...end(state, { type: 'settled', outcome })];
    }
    case 'unknown-run':
      // The agent never received the task, or a restart of the agent has ended it.
      if (!state.holder) return [{ type: 'ask' }];
      return end(state, {
        type: 'lost',
        message: 'the agent was restarted while it ran the task; ask again',
      });
  }
}

function takeText(state: AttemptState, offset: number, text: string): AttemptEffect[] {
  const { fresh, missing } = state.text.take(offset, text);
  if (!missing) {
    state.repairing = false;
    return report(state, fresh);
  }
  if (state.repairing) return [];
  state.repairing = true;
  return probe(state);
}

/** Shows the agent that the asker is alive, asks again for lost messages, and detects a silent agent. */
function check(state: AttemptState, nowMs: number): AttemptEffect[] {
  const silentMs = nowMs - state.lastReplyAtMs;
  if (silentMs < state.silenceMs) return state.holder ? probe(state) : [{ type: 'ask' }];
  const message = `the agent has been silent for ${Math.round(silentMs)} ms while it ran the task; ask again`;
  return end(state, state.holder ? { type: 'lost', message } : { type: 'moved' });
}

function handleTermination(state: AttemptState, node: string, reason: string): AttemptEffect[] {
  if (!state.holder) return end(state, { type: 'moved' });
  const message = `the agent ended on ${node} (${reason}) while it ran the task; ask again`;
  if (reason === 'node-down') return end(state, { type: 'lost', message });
  return [{ type: 'await-grace', message }];
}

function cancel(state: AttemptState, outcome: RunOutcome & { readonly status: 'failed' }): AttemptEffect[] {
  return [
    { type: 'cancel', to: state.holder, reason: outcome.message },
    ...end(state, { type: 'settled', outcome }),
  ];
}

function report(state: AttemptState, text: string): AttemptEffect[] {
  return text === '' ? start(state) : [...start(state), { type: 'report-text', text }];
}

function start(state: AttemptState): AttemptEffect[] {
  if (state.started) return [];
  state.started = true;
  return [{ type: 'report-start' }];
}

function probe({ holder, text }: AttemptState): AttemptEffect[] {
  return holder ? [{ type: 'probe', to: holder, have: text.length }] : [];
}

function end(state: AttemptState, how: TaskAttemptEnd): AttemptEffect[] {
  state.ended = true;
  return [{ type: 'end', end: how }];
}
