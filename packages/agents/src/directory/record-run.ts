import type { DirectoryAnswer } from '../protocol/directory-answer.ts';
import type { RunReport } from '../protocol/host-report.ts';
import { failed, type RunFailureCode, type RunOutcome } from '../protocol/run-outcome.ts';
import { errorAnswer, noSuchAgent } from './answers.ts';
import type { DirectoryEffect, DirectoryEvent, Moment } from './directory-event.ts';
import { type AgentEntry, type DirectoryState, endByMs, type RunEntry } from './directory-state.ts';
import { type RunRecord, runView } from './run-record.ts';
import { maxWaiters } from './waiters.ts';
import { writeRun } from './write-records.ts';

type Submit<R> = Extract<DirectoryEvent<R>, { type: 'submit' }>;
type Settle<R> = Extract<DirectoryEvent<R>, { type: 'settle' }>;

/** Records an active run. Once the record is durable, the run is dispatched and the asker is answered. */
export function submitRun<R>(
  state: DirectoryState<R>,
  event: Submit<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  const { id, runId, replyTo } = event;
  const known = state.runs.get(runId);
  if (known) return joinSubmit(known, event);
  const agent = state.agents.get(id);
  const refusal = refuseSubmit(state, agent, id);
  if (refusal || !agent) return [{ type: 'answer', to: replyTo, answer: refusal ?? noSuchAgent(id) }];
  const { incarnation, node } = agent.record;
  const { input, timeoutMs } = event;
  const deadlineAtMs = moment.wallMs + timeoutMs;
  const entry = newRun(state, {
    runId,
    agentId: id,
    incarnation,
    node,
    input,
    timeoutMs,
    deadlineAtMs,
    ...(event.principal && { principal: event.principal }),
    ...tenantOf(agent),
  });
  if (!entry)
    return [{ type: 'answer', to: replyTo, answer: busy(id, 'all places for run records are taken') }];
  entry.endByMs = endByMs(state.config, entry.record, moment);
  entry.waiters.push(replyTo);
  agent.running.add(runId);
  return [writeRun(state, entry)];
}

/** Records the end of a run. Only the first reported end counts. */
export function settleRun<R>(state: DirectoryState<R>, event: Settle<R>): DirectoryEffect<R>[] {
  const { run, from } = event;
  const known = state.runs.get(run.runId);
  if (known?.record.outcome !== undefined) {
    if (known.durable) return recorded(from, run.runId);
    known.settledBy = from;
    return [];
  }
  const entry = known ?? recordTransient(state, run);
  // All slots belong to runs that have not ended: confirm the end without a record, so that it is not repeated.
  if (!entry) return recorded(from, run.runId);
  entry.settledBy = from;
  return settle(state, entry, run.outcome);
}

/** Ends all recorded runs of the agent's incarnation. */
export function failRuns<R>(
  state: DirectoryState<R>,
  agent: AgentEntry<R>,
  code: RunFailureCode,
  message: string,
): DirectoryEffect<R>[] {
  return [...agent.running].flatMap((runId): DirectoryEffect<R>[] => {
    const entry = state.runs.get(runId);
    return entry ? settle(state, entry, failed(code, message)) : [];
  });
}

/**
 * Ends a run whose host did not report its end in time: the host may wait for a place, or may have lost the run. So no
 * recorded run is active for ever, whatever was lost.
 */
export function endOverdue<R>(state: DirectoryState<R>, entry: RunEntry<R>): DirectoryEffect<R>[] {
  return settle(state, entry, failed('deadline', 'the task did not end within its timeoutMs'));
}

/** Records that the agent's newest incarnation has the runs that the one before has left. */
export function takeRunsAlong<R>(state: DirectoryState<R>, agent: AgentEntry<R>): DirectoryEffect<R>[] {
  const { incarnation, node } = agent.record;
  return [...agent.running].flatMap((runId): DirectoryEffect<R>[] => {
    const entry = state.runs.get(runId);
    if (!entry || entry.record.incarnation === incarnation) return [];
    entry.record = { ...entry.record, incarnation, node };
    entry.dispatched = false;
    entry.missed = 0;
    return [writeRun(state, entry)];
  });
}

/** The run's record is durable: sends the answers and orders that waited for it. */
export function runWritten<R>(
  state: DirectoryState<R>,
  entry: RunEntry<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  entry.durable = true;
  const { runId, outcome } = entry.record;
  const answer: DirectoryAnswer = { kind: 'submitted', runId };
  const effects = entry.waiters.splice(0).map((to): DirectoryEffect<R> => ({ type: 'answer', to, answer }));
  if (outcome === undefined) return [...effects, ...orderDispatch(state, entry, moment)];
  if (outcome.status === 'completed') {
    entry.record = { ...entry.record, outcome: { ...outcome, output: '' } };
  }
  state.runSlots.finish(runId, entry.record.slot);
  return [...effects, ...recorded<R>(entry.settledBy, runId)];
}

/** Gives a recorded run to its agent; repeated until the host confirms it with `dispatched`. */
export function orderDispatch<R>(
  state: DirectoryState<R>,
  entry: RunEntry<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  const { runId, agentId: id, incarnation, node, input = '', principal } = entry.record;
  // Only what is left: a run that is given to a further host has no more time than before.
  const timeoutMs = Math.max(1, entry.endByMs - state.config.silenceMs - moment.nowMs);
  entry.dueAtMs = moment.nowMs + state.config.activationTimeoutMs;
  const run = { runId, input, timeoutMs, ...(principal && { principal }) };
  return [{ type: 'order', node, order: { kind: 'dispatch', id, incarnation, ...run } }];
}

/** Answers with the run; an ended run is read from the stream, which holds its output. */
export function showRun<R>(state: DirectoryState<R>, runId: string, replyTo: R): DirectoryEffect<R>[] {
  const entry = state.runs.get(runId);
  if (!entry) return [{ type: 'answer', to: replyTo, answer: noSuchRun(state, runId) }];
  // The outcome of a run is shown only when its record is durable.
  if (entry.record.outcome === undefined || !entry.durable) {
    const run = runView({ ...entry.record, outcome: undefined });
    return [{ type: 'answer', to: replyTo, answer: { kind: 'run', run } }];
  }
  return [{ type: 'read-run', slot: entry.record.slot, runId, to: replyTo }];
}

export function noSuchRun(state: DirectoryState<unknown>, runId: string): DirectoryAnswer {
  return errorAnswer('run-not-found', `no run ${runId}; the newest ${state.config.maxRuns} are kept`);
}

function settle<R>(state: DirectoryState<R>, entry: RunEntry<R>, outcome: RunOutcome): DirectoryEffect<R>[] {
  const { input: _, timeoutMs: __, deadlineAtMs: ___, ...rest } = entry.record;
  entry.record = { ...rest, outcome };
  state.agents.get(rest.agentId)?.running.delete(rest.runId);
  return [writeRun(state, entry)];
}

/** A run that was not recorded while it was active: only its end is recorded. */
function recordTransient<R>(state: DirectoryState<R>, run: RunReport): RunEntry<R> | undefined {
  const { runId, agentId, incarnation, node } = run;
  return newRun(state, { runId, agentId, incarnation, node, ...tenantOf(state.agents.get(agentId)) });
}

function tenantOf(agent: AgentEntry<unknown> | undefined): Pick<RunRecord, 'tenant'> {
  const tenant = agent?.record.tenant;
  return tenant === undefined ? {} : { tenant };
}

function newRun<R>(
  state: DirectoryState<R>,
  facts: Omit<RunRecord, 'v' | 'slot' | 'ordinal' | 'outcome'>,
): RunEntry<R> | undefined {
  const place = state.runSlots.take();
  if (!place) return undefined;
  if (place.evicted !== undefined) state.runs.delete(place.evicted);
  const entry: RunEntry<R> = {
    record: { v: 1, ...facts, slot: place.slot, ordinal: state.nextRunOrdinal++ },
    durable: false,
    dispatched: false,
    missed: 0,
    dueAtMs: Number.POSITIVE_INFINITY,
    endByMs: Number.POSITIVE_INFINITY,
    waiters: [],
    settledBy: undefined,
  };
  state.runs.set(facts.runId, entry);
  return entry;
}

/** A repeated submit request. */
function joinSubmit<R>(entry: RunEntry<R>, { runId, replyTo }: Submit<R>): DirectoryEffect<R>[] {
  if (entry.durable) return [{ type: 'answer', to: replyTo, answer: { kind: 'submitted', runId } }];
  if (entry.waiters.length >= maxWaiters) entry.waiters.shift();
  entry.waiters.push(replyTo);
  return [];
}

function refuseSubmit(
  state: DirectoryState<unknown>,
  agent: AgentEntry<unknown> | undefined,
  id: string,
): DirectoryAnswer | undefined {
  if (!agent) return noSuchAgent(id);
  if (agent.phase === 'stopped')
    return errorAnswer('agent-stopped', `agent ${id} was stopped; spawn another one`);
  if (agent.phase !== 'active') {
    const message = `agent ${id} is not running yet; ask again in a moment`;
    return errorAnswer('agent-lost', message, 1_000);
  }
  if (agent.reported === 'failed') {
    const message = `agent ${id} failed too often and is parked; stop it and spawn another one`;
    return errorAnswer('task-failed', message);
  }
  if (agent.running.size > state.config.maxQueuedTasks)
    return busy(id, `${agent.running.size} recorded runs have not ended`);
  return undefined;
}

function recorded<R>(node: string | undefined, runId: string): DirectoryEffect<R>[] {
  return node === undefined ? [] : [{ type: 'order', node, order: { kind: 'recorded', runId } }];
}

function busy(id: string, why: string): DirectoryAnswer {
  return errorAnswer('agent-busy', `agent ${id} is busy: ${why}`, 1_000);
}
