import { noSuchAgent } from './answers.ts';
import type { DirectoryEffect } from './directory-event.ts';
import type { AgentEntry, DirectoryState } from './directory-state.ts';
import { agentAnswer } from './list-agents.ts';
import { failRuns } from './record-run.ts';
import { addWaiter } from './waiters.ts';
import { writeAgent } from './write-records.ts';

/** Records the stop and ends the agent's runs. The answer follows once the record is durable. */
export function stopAgent<R>(state: DirectoryState<R>, id: string, replyTo: R): DirectoryEffect<R>[] {
  const entry = state.agents.get(id);
  if (!entry) return [{ type: 'answer', to: replyTo, answer: noSuchAgent(id) }];
  if (entry.phase === 'stopped' && entry.durable) {
    return [{ type: 'answer', to: replyTo, answer: agentAnswer(entry, id) }];
  }
  addWaiter(entry, replyTo, Number.POSITIVE_INFINITY);
  if (entry.phase === 'stopped') return [];
  entry.phase = 'stopped';
  entry.record = { ...entry.record, life: 'stopped' };
  return [writeAgent(state, entry), ...failRuns(state, entry, 'agent-stopped', `agent ${id} was stopped`)];
}

/** The stop is durable: frees the slot, ends the actor on its host and answers the requests. */
export function finishStop<R>(state: DirectoryState<R>, entry: AgentEntry<R>): DirectoryEffect<R>[] {
  const { id, incarnation, node, slot } = entry.record;
  state.agentSlots.finish(id, slot);
  const answer = agentAnswer(entry, id);
  // An entity that becomes active later reports that, and is removed then.
  const order: DirectoryEffect<R> = {
    type: 'order',
    node,
    order: { kind: 'deactivate', id, incarnation, final: true },
  };
  return [
    ...(node === '' ? [] : [order]),
    ...entry.waiters
      .splice(0)
      .map((waiter): DirectoryEffect<R> => ({ type: 'answer', to: waiter.replyTo, answer })),
  ];
}
