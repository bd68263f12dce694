import { type HostSeen, isPlacedOn } from '@drover/actor-core/internal';
import { failed } from '../protocol/run-outcome.ts';
import { handleInventory, handleStates } from './compare-inventory.ts';
import type { DirectoryEffect, DirectoryEvent, Moment } from './directory-event.ts';
import type { AgentEntry, DirectoryState } from './directory-state.ts';
import { agentAnswer, agentsPage } from './list-agents.ts';
import { avoidHost, confirm, isLost, orderActivation, pursueActivation, relocate } from './place-agent.ts';
import { failRuns, orderDispatch, runWritten, settleRun, showRun, submitRun } from './record-run.ts';
import { noteRefusedSpawn, spawnAgent, spawnRecorded } from './spawn-agent.ts';
import { finishStop, stopAgent } from './stop-agent.ts';
import { releaseWaiters } from './waiters.ts';

/**
 * All decisions of the agent directory: what to do about one event. Deterministic: the same events at the same times
 * with the same random numbers give the same effects. `state` is changed in place.
 *
 * Invariants: no answer and no order before the record behind it is durable; an agent's incarnation never decreases; a
 * run ends once.
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
    case 'spawn-refused':
      noteRefusedSpawn(state, event.key);
      return [];
    case 'list':
      return [{ type: 'answer', to: event.replyTo, answer: agentsPage(state, event.after) }];
    case 'get':
      return [
        { type: 'answer', to: event.replyTo, answer: agentAnswer(state.agents.get(event.id), event.id) },
      ];
    case 'stop':
      return stopAgent(state, event.id, event.replyTo);
    case 'submit':
      return submitRun(state, event);
    case 'run':
      return showRun(state, event.runId, event.replyTo);
    case 'activated':
    case 'not-activated':
      return handleActivation(state, event, moment);
    case 'dispatched':
      return handleDispatched(state, event.runId);
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
  const effects = state.hosts
    .observe(hosts, moment.nowMs)
    .map(
      ({ node, survey }): DirectoryEffect<R> => ({ type: 'order', node, order: { kind: 'survey', survey } }),
    );
  for (const runId of state.orphanRuns.splice(0)) effects.push(...endAsLost(state, runId));
  for (const entry of state.agents.values()) effects.push(...pursueAgent(state, entry, moment));
  return effects;
}

function pursueAgent<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  if (entry.phase === 'stopped') {
    // Happens only after a change of the leader: the former leader recorded the agent's stop, but not the end of its
    // runs.
    return failRuns(state, entry, 'agent-stopped', `agent ${entry.record.id} was stopped`);
  }
  const effects: DirectoryEffect<R>[] = [];
  if (isLost(state, entry, moment.nowMs)) {
    effects.push(...relocate(state, entry, moment, 'its node left, is unreachable or was restarted'));
  } else if (entry.phase !== 'active' && entry.dueAtMs <= moment.nowMs) {
    effects.push(...pursueActivation(state, entry, moment));
  }
  return [...effects, ...releaseWaiters(entry, moment.nowMs), ...pursueRuns(state, entry, moment)];
}

function pursueRuns<R>(state: DirectoryState<R>, agent: AgentEntry<R>, moment: Moment): DirectoryEffect<R>[] {
  const effects: DirectoryEffect<R>[] = [];
  for (const runId of agent.running) {
    const run = state.runs.get(runId);
    if (!run?.durable) continue;
    if (run.record.incarnation !== agent.record.incarnation) {
      // The former leader recorded the agent's new incarnation, but not the end of this run.
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
  const outcome = failed('agent-lost', `node ${run.node} was lost while the agent ran the task; ask again`);
  return settleRun(state, { type: 'settle', from: undefined, run: { ...run, outcome } });
}

type ActivationEvent = Extract<DirectoryEvent<unknown>, { type: 'activated' | 'not-activated' }>;

function handleActivation<R>(
  state: DirectoryState<R>,
  event: ActivationEvent,
  moment: Moment,
): DirectoryEffect<R>[] {
  const host = state.hosts.senderOf(event);
  const entry = state.agents.get(event.id);
  if (!host || !entry || !isPlacedOn(entry, host, event.incarnation)) return [];
  if (event.type === 'activated')
    return entry.phase === 'active' ? [] : confirm(entry, { state: 'ready' }, moment);
  if (entry.phase !== 'activating' || !entry.durable) return [];
  const hasOther = state.hosts.live().some((other) => other.node !== host.node);
  // Without another live host, the next order to this one is due after the usual backoff.
  return hasOther ? avoidHost(state, entry, moment, event.reason) : [];
}

function handleDispatched<R>(state: DirectoryState<R>, runId: string): DirectoryEffect<R>[] {
  const run = state.runs.get(runId);
  if (run) run.dispatched = true;
  return [];
}

function handleWritten<R>(state: DirectoryState<R>, write: number, moment: Moment): DirectoryEffect<R>[] {
  const written = state.writes.finish(write);
  if (!written) return [];
  if (written.kind === 'run') {
    const run = state.runs.get(written.runId);
    return run?.record === written.record ? runWritten(state, run, moment) : [];
  }
  const entry = state.agents.get(written.id);
  if (!entry || entry.record !== written.record) return [];
  entry.durable = true;
  if (entry.phase === 'activating')
    return spawnRecorded(state, entry, moment) ?? orderActivation(state, entry, moment);
  return entry.phase === 'stopped' ? finishStop(state, entry) : [];
}
