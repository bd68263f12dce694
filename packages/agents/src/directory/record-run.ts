import { defaultTaskMs } from '../config.ts';
import type { DirectoryAnswer, RunReport } from '../protocol/directory-message.ts';
import { failed, type RunFailureCode, type RunOutcome } from '../protocol/run-outcome.ts';
import type { Moment, DirectoryEffect, DirectoryEvent } from './directory-event.ts';
import { type AgentEntry, maxWaiters, type DirectoryState, type RunEntry } from './directory-state.ts';
import { type RunRecord, runView } from './run-record.ts';
import { writeRun } from './write-record.ts';

type Submit<R> = Extract<DirectoryEvent<R>, { type: 'submit' }>;
type Settle<R> = Extract<DirectoryEvent<R>, { type: 'settle' }>;

/** Records a run as running; it is given to the agent, and promised to the asker, when that is durable. */
export function submitRun<R>(state: DirectoryState<R>, event: Submit<R>): DirectoryEffect<R>[] {
  const known = state.runs.get(event.runId);
  if (known) return joinSubmit(known, event);
  const agent = state.agents.get(event.id);
  const refusal = refuseSubmit(state, agent, event.id);
  if (refusal || !agent)
    return [{ type: 'answer', to: event.replyTo, answer: refusal ?? noSuchAgent(event.id) }];
  const entry = newRun(state, {
    runId: event.runId,
    agentId: event.id,
    incarnation: agent.record.incarnation,
    node: agent.record.node,
    input: event.input,
    timeoutMs: event.timeoutMs,
  });
  if (!entry)
    return [
      {
        type: 'answer',
        to: event.replyTo,
        answer: busy(event.id, 'the directory has no place for another run'),
      },
    ];
  entry.waiters.push(event.replyTo);
  agent.running.add(event.runId);
  return [writeRun(state, entry)];
}

/** The end of a run: the first one told is the one that counts. */
export function settleRun<R>(state: DirectoryState<R>, event: Settle<R>): DirectoryEffect<R>[] {
  const { run, from } = event;
  const known = state.runs.get(run.runId);
  if (known?.record.outcome !== undefined) {
    if (!known.durable) {
      known.settledBy = from;
      return [];
    }
    return recorded(from, run.runId);
  }
  const entry = known ?? recordTransient(state, run);
  // Every place is held by a run that has not ended: this one stays unrecorded rather than unanswered.
  if (!entry) return recorded(from, run.runId);
  entry.settledBy = from;
  return settle(state, entry, run.outcome);
}

/** Everything that this life of the agent had in hand ends here. */
export function loseRuns<R>(
  state: DirectoryState<R>,
  agent: AgentEntry<R>,
  message: string,
): DirectoryEffect<R>[] {
  return failRuns(state, agent, 'agent-lost', message);
}

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

/** The run's record is in the stream: what waited for that may now be said. */
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

/** Gives a recorded run to its agent, again until the host says that it has it. */
export function orderDispatch<R>(
  state: DirectoryState<R>,
  entry: RunEntry<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  const { runId, agentId, incarnation, node, input, timeoutMs } = entry.record;
  entry.dueAtMs = moment.nowMs + state.config.activationTimeoutMs;
  return [
    {
      type: 'order',
      node,
      order: {
        kind: 'dispatch',
        id: agentId,
        incarnation,
        runId,
        input: input ?? '',
        timeoutMs: timeoutMs ?? defaultTaskMs(state.config),
      },
    },
  ];
}

/** The run as a person sees it; a settled one is read from the stream, where its texts are. */
export function showRun<R>(state: DirectoryState<R>, runId: string, replyTo: R): DirectoryEffect<R>[] {
  const entry = state.runs.get(runId);
  if (!entry) {
    const message = `no run ${runId}; the newest ${state.config.maxRuns} are kept`;
    return [
      {
        type: 'answer',
        to: replyTo,
        answer: { kind: 'error', code: 'run-not-found', message, retryAfterMs: 0 },
      },
    ];
  }
  // What is not durable has not happened yet.
  if (entry.record.outcome === undefined || !entry.durable) {
    const run = runView({ ...entry.record, outcome: undefined });
    return [{ type: 'answer', to: replyTo, answer: { kind: 'run', run } }];
  }
  return [{ type: 'read-run', slot: entry.record.slot, runId, to: replyTo }];
}

function settle<R>(state: DirectoryState<R>, entry: RunEntry<R>, outcome: RunOutcome): DirectoryEffect<R>[] {
  const { input: _, timeoutMs: __, ...rest } = entry.record;
  entry.record = { ...rest, outcome };
  state.agents.get(rest.agentId)?.running.delete(rest.runId);
  return [writeRun(state, entry)];
}

/** A run that was not recorded while it ran: its end is its whole record. */
function recordTransient<R>(state: DirectoryState<R>, run: RunReport): RunEntry<R> | undefined {
  const { runId, agentId, incarnation, node } = run;
  return newRun(state, { runId, agentId, incarnation, node });
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
    dueAtMs: Number.POSITIVE_INFINITY,
    waiters: [],
    settledBy: undefined,
  };
  state.runs.set(facts.runId, entry);
  return entry;
}

function joinSubmit<R>(entry: RunEntry<R>, event: Submit<R>): DirectoryEffect<R>[] {
  if (entry.durable)
    return [{ type: 'answer', to: event.replyTo, answer: { kind: 'submitted', runId: event.runId } }];
  if (entry.waiters.length >= maxWaiters) entry.waiters.shift();
  entry.waiters.push(event.replyTo);
  return [];
}

function refuseSubmit(
  state: DirectoryState<unknown>,
  agent: AgentEntry<unknown> | undefined,
  id: string,
): DirectoryAnswer | undefined {
  if (!agent) return noSuchAgent(id);
  if (agent.phase === 'stopped') {
    return {
      kind: 'error',
      code: 'agent-stopped',
      message: `agent ${id} was stopped; spawn another`,
      retryAfterMs: 0,
    };
  }
  if (agent.phase !== 'active') {
    const message = `agent ${id} is being brought back; ask again in a moment`;
    return { kind: 'error', code: 'agent-lost', message, retryAfterMs: 1_000 };
  }
  if (agent.reported === 'failed') {
    const message = `agent ${id} failed too often and is parked; stop it and spawn another`;
    return { kind: 'error', code: 'task-failed', message, retryAfterMs: 0 };
  }
  if (agent.running.size > state.config.maxQueuedTasks)
    return busy(id, `${agent.running.size} tasks wait for it`);
  return undefined;
}

function recorded<R>(node: string | undefined, runId: string): DirectoryEffect<R>[] {
  return node === undefined ? [] : [{ type: 'order', node, order: { kind: 'recorded', runId } }];
}

function busy(id: string, why: string): DirectoryAnswer {
  return { kind: 'error', code: 'agent-busy', message: `agent ${id} is busy: ${why}`, retryAfterMs: 1_000 };
}

export function noSuchAgent(id: string): DirectoryAnswer {
  return {
    kind: 'error',
    code: 'agent-not-found',
    message: `no agent ${id}; list them to see which there are`,
    retryAfterMs: 0,
  };
}
