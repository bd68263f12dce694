import {
  chooseHost,
  confirmActive,
  countByNode,
  countOrder,
  decideDue,
  type HostSeen,
  isPlaced,
  leaveUnplaced,
  placeOn,
} from '@drover/actor-core/internal';
import type { ReportedState } from '../protocol/host-report.ts';
import type { DirectoryEffect, Moment } from './directory-event.ts';
import type { AgentRecord } from './agent-record.ts';
import type { AgentEntry, DirectoryState } from './directory-state.ts';
import { failRuns } from './record-run.ts';
import { answerWaiters } from './waiters.ts';
import { writeAgent } from './write-records.ts';

/** Chooses the live host for one more agent; undefined if no host is live. */
export function hostForAgent(
  state: DirectoryState<unknown>,
  moment: Moment,
  avoid = '',
): HostSeen | undefined {
  return chooseHost(state.hosts.live(), () => countByNode(state.agents.values()), moment.random, avoid);
}

/** True if the host in the agent's record is no longer live in the recorded incarnation. */
export function isLost(state: DirectoryState<unknown>, entry: AgentEntry<unknown>, nowMs: number): boolean {
  return isPlaced(entry) && state.hosts.isLost(entry.record, nowMs);
}

/**
 * Places the agent's next incarnation on a live host, or leaves the agent unplaced until a host is live. The runs of
 * the previous incarnation end with `agent-lost`.
 */
export function relocate<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  moment: Moment,
  reason: string,
  avoid = '',
): DirectoryEffect<R>[] {
  const from = entry.record.node;
  const effects = entry.phase === 'unplaced' ? [] : losePlace(state, entry, reason);
  const host = hostForAgent(state, moment, avoid);
  if (!host) {
    leaveUnplaced(entry, moment.nowMs);
    return effects;
  }
  placeOn(entry, host, state.config, moment.nowMs);
  entry.reported = 'ready';
  return [...effects, writeAgent(state, entry), ...replaced<R>(entry.record, from, reason)];
}

/** Nothing for the first incarnation, which was not lost. */
function replaced<R>(
  { id, node, incarnation }: AgentRecord,
  from: string,
  reason: string,
): DirectoryEffect<R>[] {
  if (incarnation === 1) return [];
  const cause = reason === '' ? 'no host was live before' : reason;
  const evidence = { from, to: node, incarnation };
  return [{ type: 'remedy', remedy: { action: 're-place', subject: `agent ${id}`, cause, evidence } }];
}

/** Orders the host to run the agent. Called once the placement is durable, and again with backoff until confirmed. */
export function orderActivation<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  const { id, type, model, options, incarnation, node } = entry.record;
  countOrder(entry, state.config, moment.nowMs);
  return [
    { type: 'order', node, order: { kind: 'activate', agent: { id, incarnation, type, model, options } } },
  ];
}

/** The host has reported that this incarnation runs. */
export function confirm<R>(
  entry: AgentEntry<R>,
  reported: { readonly state: ReportedState },
  moment: Moment,
): DirectoryEffect<R>[] {
  entry.reported = reported.state;
  if (!confirmActive(entry, moment.nowMs)) return [];
  const { id, node, incarnation } = entry.record;
  return [
    ...answerWaiters(entry),
    note('info', { agent: id, node, incarnation }, `agent ${id} runs on ${node}, incarnation ${incarnation}`),
  ];
}

/** An activation is due: order the same host again, or place the agent on another host. */
export function pursueActivation<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  const step = decideDue(entry, state.hosts.live().length, state.config);
  if (step === 'place') return relocate(state, entry, moment, '', entry.avoid);
  if (step === 'order') return orderActivation(state, entry, moment);
  return step === 'relocate' ? avoidHost(state, entry, moment, 'the host does not answer') : [];
}

/** The host did not answer or refused: the agent is placed on another host if one is live. */
export function avoidHost<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  moment: Moment,
  reason: string,
): DirectoryEffect<R>[] {
  const { node } = entry.record;
  const effects = relocate(state, entry, moment, reason, node);
  entry.avoid = node;
  return effects;
}

function losePlace<R>(state: DirectoryState<R>, entry: AgentEntry<R>, reason: string): DirectoryEffect<R>[] {
  const { id, node, incarnation } = entry.record;
  return [
    note(
      'warn',
      { agent: id, node, incarnation },
      `agent ${id} lost on ${node}: ${reason}; placing it again`,
    ),
    ...failRuns(state, entry, 'agent-lost', `node ${node} was lost while the agent ran the task; ask again`),
  ];
}

function note<R>(level: 'info' | 'warn', fields: object, message: string): DirectoryEffect<R> {
  return { type: 'note', level, fields, message };
}
