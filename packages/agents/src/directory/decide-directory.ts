import { failed } from '../protocol/run-outcome.ts';
import { metricsAnswer } from './agent-metrics.ts';
import { noSuchAgent } from './answers.ts';
import { handleInventory, handleStates } from './compare-inventory.ts';
import type { DirectoryEffect, DirectoryEvent, Moment } from './directory-event.ts';
import type { AgentEntry, DirectoryState } from './directory-state.ts';
import { agentAnswer, agentsPage } from './list-agents.ts';
import { isForeign } from './foreign-tenant.ts';
import type { HostSeen } from './host-table.ts';
import {
  confirm,
  giveUpPlace,
  handleOwned,
  isLost,
  isPlacedOn,
  losePlace,
  orderActivation,
  pursuePlace,
  startEntity,
} from './place-agent.ts';
import {
  endOverdue,
  failRuns,
  noSuchRun,
  orderDispatch,
  runWritten,
  settleRun,
  showRun,
  submitRun,
  takeRunsAlong,
} from './record-run.ts';
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
  const refusal = refuseForeign(state, event);
  if (refusal !== undefined) return [refusal];
  switch (event.type) {
    case 'tick':
      return handleTick(state, event.hosts, moment);
    case 'spawn':
      return spawnAgent(state, event, moment);
    case 'spawn-refused':
      noteRefusedSpawn(state, event.key);
      return [];
    case 'list':
      return [{ type: 'answer', to: event.replyTo, answer: agentsPage(state, event) }];
    case 'get':
      return [
        { type: 'answer', to: event.replyTo, answer: agentAnswer(state.agents.get(event.id), event.id) },
      ];
    case 'stop':
      return stopAgent(state, event.id, event.replyTo);
    case 'metrics':
      return [{ type: 'answer', to: event.replyTo, answer: metricsAnswer(state, event.id) }];
    case 'submit':
      return submitRun(state, event, moment);
    case 'run':
      return showRun(state, event.runId, event.replyTo);
    case 'owned':
      return handleOwned(state, event, moment);
    case 'activated':
      return handleActivated(state, event);
    case 'not-activated':
      return handleGivenUp(state, event, moment, event.reason);
    case 'ended':
      return handleGivenUp(state, event, moment, 'its host gave it up');
    case 'dispatched':
      return handleDispatched(state, event.runId);
    case 'inventory':
      return handleInventory(state, event);
    case 'states':
      return handleStates(state, event);
    case 'settle':
      return settleRun(state, event);
    case 'written':
      return handleWritten(state, event.write, moment);
  }
}

/** The answer to a question about an agent or a run of another tenant: there is none. */
function refuseForeign<R>(
  state: DirectoryState<R>,
  event: DirectoryEvent<R>,
): DirectoryEffect<R> | undefined {
  if (event.type === 'run') {
    const run = state.runs.get(event.runId)?.record;
    return run !== undefined && isForeign(run, event.tenant)
      ? { type: 'answer', to: event.replyTo, answer: noSuchRun(state, event.runId) }
      : undefined;
  }
  if (!concernsAgent(event)) return undefined;
  const agent = state.agents.get(event.id)?.record;
  return agent !== undefined && isForeign(agent, event.tenant)
    ? { type: 'answer', to: event.replyTo, answer: noSuchAgent(event.id) }
    : undefined;
}

type AgentQuestion<R> = Extract<DirectoryEvent<R>, { type: 'get' | 'stop' | 'metrics' | 'submit' }>;

function concernsAgent<R>(event: DirectoryEvent<R>): event is AgentQuestion<R> {
  return ['get', 'stop', 'metrics', 'submit'].includes(event.type);
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
  if (isLost(state, entry, moment.nowMs)) effects.push(...losePlace(state, entry, moment));
  if (entry.phase !== 'active' && entry.isRecorded && entry.dueAtMs <= moment.nowMs)
    effects.push(...pursuePlace(state, entry, moment));
  return [...effects, ...releaseWaiters(entry, moment.nowMs), ...pursueRuns(state, entry, moment)];
}

function pursueRuns<R>(state: DirectoryState<R>, agent: AgentEntry<R>, moment: Moment): DirectoryEffect<R>[] {
  const effects: DirectoryEffect<R>[] = [];
  for (const runId of agent.running) {
    const run = state.runs.get(runId);
    if (run !== undefined && run.endByMs <= moment.nowMs) {
      effects.push(...endOverdue(state, run));
      continue;
    }
    // The runs of an incarnation that was given up wait for the record of the next one.
    if (!run?.durable || agent.phase === 'unplaced' || !agent.durable) continue;
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

type IncarnationEvent = Extract<DirectoryEvent<unknown>, { type: 'activated' | 'not-activated' | 'ended' }>;

function handleActivated<R>(state: DirectoryState<R>, event: IncarnationEvent): DirectoryEffect<R>[] {
  const entry = placedBySender(state, event);
  return entry?.phase === 'activating' ? confirm(entry, { state: 'ready' }) : [];
}

function handleGivenUp<R>(
  state: DirectoryState<R>,
  event: IncarnationEvent,
  moment: Moment,
  cause: string,
): DirectoryEffect<R>[] {
  const entry = placedBySender(state, event);
  return entry ? giveUpPlace(state, entry, moment, cause) : [];
}

/** The agent, if its record names the incarnation and the host of the report. */
function placedBySender<R>(state: DirectoryState<R>, event: IncarnationEvent): AgentEntry<R> | undefined {
  const host = state.hosts.senderOf(event);
  const entry = state.agents.get(event.id);
  return host && entry && isPlacedOn(entry, host, event.incarnation) ? entry : undefined;
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
  const isFirst = !entry.isRecorded;
  entry.durable = true;
  entry.isRecorded = true;
  if (entry.phase === 'stopped') return finishStop(state, entry);
  if (isFirst) return spawnRecorded(state, entry, moment) ?? startEntity(state, entry, moment);
  if (entry.phase !== 'activating') return [];
  return [...orderActivation(state, entry, moment), ...takeRunsAlong(state, entry)];
}
