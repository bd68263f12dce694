import { decidePlace } from './place-agent.ts';
import type { Moment, DirectoryEffect } from './directory-event.ts';
import type { AgentEntry, HostEntry, DirectoryState } from './directory-state.ts';
import { loseRuns } from './record-run.ts';
import { answerWaiters } from './spawn-agent.ts';
import { writeAgent } from './write-record.ts';

/** How often a homeless agent looks for a host. */
const homelessRetryMs = 250;

/** Whether the place in the record is no longer there. */
export function isLost(state: DirectoryState<unknown>, entry: AgentEntry<unknown>, nowMs: number): boolean {
  if (entry.phase !== 'active' && entry.phase !== 'activating') return false;
  const host = state.hosts.get(entry.record.node);
  if (!host) return nowMs >= state.takenOverAtMs + state.config.unknownHostGraceMs;
  return !host.alive || host.incarnation !== entry.record.nodeIncarnation;
}

/**
 * Gives the agent its next life: on another live host, on the same one where it is the only one or came back
 * anew, or nowhere until a host lives. What it had in hand has ended with `agent-lost`.
 */
export function bringBack<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  moment: Moment,
  reason: string,
  avoid = '',
): DirectoryEffect<R>[] {
  const { id, node, incarnation } = entry.record;
  const effects: DirectoryEffect<R>[] = [];
  if (entry.phase !== 'homeless') {
    effects.push(
      note(
        'warn',
        { agent: id, node, incarnation },
        `agent ${id} lost on ${node}: ${reason}; bringing it back`,
      ),
    );
    effects.push(...loseRuns(state, entry, `node ${node} was lost with the task in hand; ask again`));
  }
  const host = decidePlace(state, moment.random, avoid);
  if (!host) {
    entry.phase = 'homeless';
    entry.dueAtMs = moment.nowMs + homelessRetryMs;
    return effects;
  }
  effects.push(moveTo(state, entry, host, moment));
  return effects;
}

/** The place is durable: order the host to run it, and again with backoff until it answers. */
export function orderActivation<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  const { id, type, model, options, incarnation, node } = entry.record;
  const { activationTimeoutMs, activationBackoffMaxMs } = state.config;
  entry.dueAtMs = moment.nowMs + Math.min(activationTimeoutMs * 2 ** entry.orders, activationBackoffMaxMs);
  entry.orders += 1;
  return [
    { type: 'order', node, order: { kind: 'activate', agent: { id, incarnation, type, model, options } } },
  ];
}

/** Its host says that this life runs. */
export function confirm<R>(
  entry: AgentEntry<R>,
  reported: { readonly state: 'ready' | 'busy' | 'failed' },
  moment: Moment,
): DirectoryEffect<R>[] {
  entry.reported = reported.state;
  entry.confirmedAtMs = moment.nowMs;
  if (entry.phase === 'active') return [];
  entry.phase = 'active';
  entry.orders = 0;
  entry.avoid = '';
  const { id, node, incarnation } = entry.record;
  return [
    ...answerWaiters(entry),
    note('info', { agent: id, node, incarnation }, `agent ${id} runs on ${node}, incarnation ${incarnation}`),
  ];
}

/** An activation that is due: the same host again, or another when this one keeps silent. */
export function pursueActivation<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  if (entry.phase === 'homeless') return bringBack(state, entry, moment, '', entry.avoid);
  if (!entry.durable) return [];
  const live = [...state.hosts.values()].filter((host) => host.alive).length;
  if (entry.orders < state.config.activationAttempts || live < 2)
    return orderActivation(state, entry, moment);
  return giveUpHost(state, entry, moment, 'it does not answer');
}

/** The host cannot run it: another is tried. */
export function giveUpHost<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  moment: Moment,
  reason: string,
): DirectoryEffect<R>[] {
  const unwilling = entry.record.node;
  const effects = bringBack(state, entry, moment, reason, unwilling);
  entry.avoid = unwilling;
  return effects;
}

function moveTo<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  host: HostEntry,
  moment: Moment,
): DirectoryEffect<R> {
  entry.record = {
    ...entry.record,
    incarnation: entry.record.incarnation + 1,
    node: host.node,
    nodeIncarnation: host.incarnation,
  };
  entry.phase = 'activating';
  entry.reported = 'ready';
  entry.orders = 0;
  entry.dueAtMs = moment.nowMs + state.config.activationTimeoutMs;
  return writeAgent(state, entry);
}

function note<R>(level: 'info' | 'warn', fields: object, message: string): DirectoryEffect<R> {
  return { type: 'note', level, fields, message };
}
