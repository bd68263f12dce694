import { agentView } from './agent-view.ts';
import { pagesOf } from '../protocol/page.ts';
import { pageSize, type DirectoryAnswer } from '../protocol/directory-message.ts';
import { failed } from '../protocol/run-outcome.ts';
import { bringBack, confirm, giveUpHost, isLost, orderActivation, pursueActivation } from './host-agent.ts';
import { isoTime } from './iso-time.ts';
import {
  failRuns,
  noSuchAgent,
  orderDispatch,
  runWritten,
  settleRun,
  showRun,
  submitRun,
} from './record-run.ts';
import type { HostSeen, Moment, DirectoryEffect, DirectoryEvent } from './directory-event.ts';
import { type AgentEntry, maxWaiters, type DirectoryState } from './directory-state.ts';
import { releaseWaiters, spawnAgent } from './spawn-agent.ts';
import { currentHost, handleInventory, handleStates, isThisLife, surveyHosts } from './survey-host.ts';
import { writeAgent } from './write-record.ts';

/**
 * The directory's whole policy: what is to be done about one event. Deterministic: the same events at the same
 * moments with the same randomness give the same effects. `state` is changed in place.
 *
 * What it promises: nothing is answered or ordered before the record it rests on is durable; an incarnation only
 * grows; a run ends once.
 */
// oxlint-disable-next-line typescript/consistent-return -- every case returns; the compiler checks it
export function decideDirectory<R>(
  state: DirectoryState<R>,
  event: DirectoryEvent<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  switch (event.type) {
    case 'tick':
      return handleTick(state, event.hosts, moment);
    case 'spawn':
      return spawnAgent(state, event, moment);
    case 'list':
      return [{ type: 'answer', to: event.replyTo, answer: listPage(state, event.after) }];
    case 'get':
      return [{ type: 'answer', to: event.replyTo, answer: show(state.agents.get(event.id), event.id) }];
    case 'stop':
      return stopAgent(state, event.id, event.replyTo);
    case 'submit':
      return submitRun(state, event);
    case 'run':
      return showRun(state, event.runId, event.replyTo);
    case 'activated':
    case 'not-activated':
      return handleActivation(state, event, moment);
    case 'dispatched': {
      const run = state.runs.get(event.runId);
      if (run) run.dispatched = true;
      return [];
    }
    case 'inventory':
      return handleInventory(state, event, moment);
    case 'states':
      return handleStates(state, event);
    case 'settle':
      return settleRun(state, event);
    case 'written':
      return handleWritten(state, event.write, moment);
  }
}

function handleTick<R>(
  state: DirectoryState<R>,
  hosts: readonly HostSeen[],
  moment: Moment,
): DirectoryEffect<R>[] {
  const effects = surveyHosts(state, hosts, moment.nowMs);
  for (const runId of state.orphanRuns.splice(0)) effects.push(...endAsLost(state, runId));
  for (const entry of state.agents.values()) {
    if (entry.phase === 'stopped') {
      // Only after a takeover: the former leader died between the agent's end and its runs'.
      effects.push(...failRuns(state, entry, 'agent-stopped', `agent ${entry.record.id} was stopped`));
      continue;
    }
    if (isLost(state, entry, moment.nowMs)) {
      effects.push(...bringBack(state, entry, moment, 'its node left, fell silent or was restarted'));
    } else if (entry.phase !== 'active' && entry.dueAtMs <= moment.nowMs) {
      effects.push(...pursueActivation(state, entry, moment));
    }
    effects.push(...releaseWaiters(entry, moment.nowMs), ...pursueRuns(state, entry, moment));
  }
  return effects;
}

function pursueRuns<R>(state: DirectoryState<R>, agent: AgentEntry<R>, moment: Moment): DirectoryEffect<R>[] {
  const effects: DirectoryEffect<R>[] = [];
  for (const runId of agent.running) {
    const run = state.runs.get(runId);
    if (!run?.durable) continue;
    if (run.record.incarnation !== agent.record.incarnation) {
      // Taken over from a leader that died between the agent's new record and the run's end.
      effects.push(...endAsLost(state, runId));
    } else if (!run.dispatched && agent.phase === 'active' && run.dueAtMs <= moment.nowMs) {
      effects.push(...orderDispatch(state, run, moment));
    }
  }
  return effects;
}

function endAsLost<R>(state: DirectoryState<R>, runId: string): DirectoryEffect<R>[] {
  const run = state.runs.get(runId)?.record;
  if (!run) return [];
  const outcome = failed('agent-lost', `node ${run.node} was lost with the task in hand; ask again`);
  return settleRun(state, { type: 'settle', from: undefined, run: { ...run, outcome } });
}

type ActivationEvent = Extract<DirectoryEvent<unknown>, { type: 'activated' | 'not-activated' }>;

function handleActivation<R>(
  state: DirectoryState<R>,
  event: ActivationEvent,
  moment: Moment,
): DirectoryEffect<R>[] {
  const host = currentHost(state, event);
  const entry = state.agents.get(event.id);
  if (!host || !entry || !isThisLife(entry, host, event.incarnation)) return [];
  if (event.type === 'activated')
    return entry.phase === 'active' ? [] : confirm(entry, { state: 'ready' }, moment);
  if (entry.phase !== 'activating' || !entry.durable) return [];
  const others = [...state.hosts.values()].some((other) => other.alive && other.node !== host.node);
  // The only host there is: the next order is due with the usual backoff.
  return others ? giveUpHost(state, entry, moment, event.reason) : [];
}

function handleWritten<R>(state: DirectoryState<R>, write: number, moment: Moment): DirectoryEffect<R>[] {
  const pending = state.writes.get(write);
  state.writes.delete(write);
  if (!pending) return [];
  if (pending.kind === 'run') {
    const run = state.runs.get(pending.runId);
    return run?.record === pending.record ? runWritten(state, run, moment) : [];
  }
  const entry = state.agents.get(pending.id);
  if (!entry || entry.record !== pending.record) return [];
  entry.durable = true;
  if (entry.phase === 'activating') return orderActivation(state, entry, moment);
  return entry.phase === 'stopped' ? finishStop(state, entry) : [];
}

function stopAgent<R>(state: DirectoryState<R>, id: string, replyTo: R): DirectoryEffect<R>[] {
  const entry = state.agents.get(id);
  if (!entry) return [{ type: 'answer', to: replyTo, answer: noSuchAgent(id) }];
  if (entry.phase === 'stopped' && entry.durable) {
    return [{ type: 'answer', to: replyTo, answer: show(entry, id) }];
  }
  if (entry.waiters.length >= maxWaiters) entry.waiters.shift();
  entry.waiters.push({ replyTo, untilMs: Number.POSITIVE_INFINITY });
  if (entry.phase === 'stopped') return [];
  entry.phase = 'stopped';
  entry.record = { ...entry.record, life: 'stopped' };
  return [writeAgent(state, entry), ...failRuns(state, entry, 'agent-stopped', `agent ${id} was stopped`)];
}

function finishStop<R>(state: DirectoryState<R>, entry: AgentEntry<R>): DirectoryEffect<R>[] {
  const { id, incarnation, node, slot } = entry.record;
  state.agentSlots.finish(id, slot);
  const answer = show(entry, id);
  return [
    { type: 'order', node, order: { kind: 'deactivate', id, incarnation, final: true } },
    ...entry.waiters
      .splice(0)
      .map((waiter): DirectoryEffect<R> => ({ type: 'answer', to: waiter.replyTo, answer })),
  ];
}

function show(entry: AgentEntry<unknown> | undefined, id: string): DirectoryAnswer {
  return entry && isVisible(entry) ? { kind: 'agent', agent: agentView(entry, isoTime) } : noSuchAgent(id);
}

/** An agent exists from the moment its first record is durable. */
function isVisible(entry: AgentEntry<unknown>): boolean {
  return (
    entry.durable || entry.record.incarnation > 1 || entry.phase === 'stopped' || entry.phase === 'active'
  );
}

function listPage(state: DirectoryState<unknown>, after: string): DirectoryAnswer {
  const rest = [...state.agents.values()].filter((entry) => entry.record.id > after && isVisible(entry));
  rest.sort((a, b) => (a.record.id < b.record.id ? -1 : 1));
  const most = rest.slice(0, pageSize).map((entry) => agentView(entry, isoTime));
  const [page = []] = pagesOf(most, pageSize);
  return { kind: 'agents', agents: page, more: rest.length > page.length };
}
