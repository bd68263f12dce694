import type { DirectoryAnswer } from '../protocol/directory-answer.ts';
import { agentView } from './agent-view.ts';
import type { DirectoryEffect } from './directory-event.ts';
import type { AgentEntry } from './directory-state.ts';

/** Maximum number of requests that wait for one agent or one run; a further request replaces the oldest. */
export const maxWaiters: number = 32;

export function addWaiter<R>(entry: AgentEntry<R>, replyTo: R, untilMs: number): void {
  if (entry.waiters.length >= maxWaiters) entry.waiters.shift();
  entry.waiters.push({ replyTo, untilMs });
}

/** Answers all spawn requests that wait for the agent. */
export function answerWaiters<R>(entry: AgentEntry<R>): DirectoryEffect<R>[] {
  const answer: DirectoryAnswer = { kind: 'agent', agent: agentView(entry) };
  return entry.waiters.splice(0).map((waiter) => ({ type: 'answer', to: waiter.replyTo, answer }));
}

/** Answers `pending` to the spawn requests whose waiting time has passed. */
export function releaseWaiters<R>(entry: AgentEntry<R>, nowMs: number): DirectoryEffect<R>[] {
  const overdue = entry.waiters.filter((waiter) => waiter.untilMs <= nowMs);
  if (overdue.length === 0) return [];
  entry.waiters = entry.waiters.filter((waiter) => waiter.untilMs > nowMs);
  // Sends no answer without a durable record: the asker times out and asks again with its key.
  if (!entry.durable) return [];
  const answer: DirectoryAnswer = { kind: 'pending', agent: agentView(entry) };
  return overdue.map((waiter) => ({ type: 'answer', to: waiter.replyTo, answer }));
}
