import type { OwnedAgent, ReportedState } from '../protocol/host-report.ts';
import type { DirectoryEffect, DirectoryEvent, Moment } from './directory-event.ts';
import type { AgentEntry, DirectoryState } from './directory-state.ts';
import type { HostSeen } from './host-table.ts';
import { failRuns } from './record-run.ts';
import { answerWaiters } from './waiters.ts';
import { writeAgent } from './write-records.ts';

/**
 * Which host runs an agent is decided by its entity: the host that owns the entity reports that, and the directory
 * records the next incarnation of the agent for that owner. Each later owner has a higher sequence, so an earlier one
 * gets nothing. The directory itself only notices that a host has ended, and wants the entity to be active again.
 */

type OwnedEvent<R> = Extract<DirectoryEvent<R>, { type: 'owned' }>;

const endedCause = 'its node left, ended or was restarted';
/** Above each incarnation: the order concerns all of them. */
const everyIncarnation = Number.MAX_SAFE_INTEGER;

/** A host has taken agents, and asks which incarnations it is to run. */
export function handleOwned<R>(
  state: DirectoryState<R>,
  event: OwnedEvent<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  const host = state.hosts.senderOf(event);
  if (!host) return [];
  return event.agents.flatMap((owned) => followOwner(state, host, owned, moment));
}

function followOwner<R>(
  state: DirectoryState<R>,
  host: HostSeen,
  owned: OwnedAgent,
  moment: Moment,
): DirectoryEffect<R>[] {
  const { id, owner } = owned;
  const entry = state.agents.get(id);
  if (!entry || entry.phase === 'stopped') {
    if (entry?.durable === false) return [];
    const incarnation = entry?.record.incarnation ?? everyIncarnation;
    return [{ type: 'order', node: host.node, order: { kind: 'deactivate', id, incarnation, final: true } }];
  }
  const { record } = entry;
  if (entry.phase !== 'unplaced') {
    // An order of a leader of 0.3.0 has placed it, on a host that still runs.
    if (record.owner === undefined) return [];
    if (owner === record.owner) return entry.durable ? orderActivation(state, entry, moment) : [];
  }
  return owner < (record.owner ?? 0) ? [] : placeOn(state, entry, host, owned, moment);
}

/** Records the next incarnation of the agent, for that owner. The order follows once the record is durable. */
function placeOn<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  host: HostSeen,
  { owner, isHandedOver }: OwnedAgent,
  moment: Moment,
): DirectoryEffect<R>[] {
  const leave = isHandedOver ? giveUpPlace : losePlace;
  const effects = isPlaced(entry) ? leave(state, entry, moment, 'another host has taken it') : [];
  const before = entry.record;
  const isFirst = before.node === '';
  const incarnation = isFirst ? before.incarnation : before.incarnation + 1;
  const { node, incarnation: nodeIncarnation } = host;
  entry.record = { ...before, incarnation, node, nodeIncarnation, owner };
  entry.phase = 'activating';
  entry.reported = 'ready';
  entry.orders = 0;
  entry.dueAtMs = moment.nowMs + state.config.activationTimeoutMs;
  const write = writeAgent(state, entry);
  if (isFirst) return [...effects, write];
  const evidence = { from: before.node, to: node, incarnation };
  const remedy = {
    action: 're-place',
    subject: `agent ${before.id}`,
    cause: entry.lostBecause,
    evidence,
  } as const;
  return [...effects, write, { type: 'remedy', remedy }];
}

/** Whether the host in the agent's record has ended. */
export function isLost(state: DirectoryState<unknown>, entry: AgentEntry<unknown>, nowMs: number): boolean {
  return isPlaced(entry) && state.hosts.hasEnded(entry.record, nowMs);
}

/** The agent runs nowhere: its runs end with `agent-lost`, and its entity is to be active again. */
export function losePlace<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  { nowMs }: Moment,
  cause: string = endedCause,
): DirectoryEffect<R>[] {
  const { node } = entry.record;
  return [
    leavePlace(entry, nowMs, 'warn', `lost on ${node}: ${cause}`, cause),
    ...failRuns(state, entry, 'agent-lost', `node ${node} was lost while the agent ran the task; ask again`),
  ];
}

/**
 * The host has given the agent up in order. Its runs wait for the next incarnation. The entity becomes active elsewhere
 * by itself; it is started if that does not happen in time.
 */
export function giveUpPlace<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  { nowMs }: Moment,
  cause: string,
): DirectoryEffect<R>[] {
  const dueAtMs = nowMs + state.config.activationTimeoutMs;
  return [leavePlace(entry, dueAtMs, 'info', `left ${entry.record.node}: ${cause}`, cause)];
}

function leavePlace<R>(
  entry: AgentEntry<R>,
  dueAtMs: number,
  level: 'info' | 'warn',
  what: string,
  cause: string,
): DirectoryEffect<R> {
  const { id, node, incarnation } = entry.record;
  entry.phase = 'unplaced';
  entry.orders = 0;
  entry.dueAtMs = dueAtMs;
  entry.lostBecause = cause;
  const fields = { agent: id, node, incarnation };
  return { type: 'note', level, fields, message: `agent ${id} ${what}; placing it again` };
}

/** An agent that does not run is due: its entity is wanted again, or its host is ordered again. */
export function pursuePlace<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  if (entry.phase === 'unplaced') return startEntity(state, entry, moment);
  if (!entry.durable) return [];
  if (entry.orders < state.config.activationAttempts) return orderActivation(state, entry, moment);
  const effects = losePlace(state, entry, moment, 'the host does not answer');
  return [...effects, ...startEntity(state, entry, moment)];
}

/** Wants the entity of the agent to be active; repeated with backoff until a host owns it. */
export function startEntity<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  countAttempt(state, entry, moment);
  return [{ type: 'start', id: entry.record.id }];
}

/** Orders the owner to run the agent. Called once its incarnation is durable, and again until that is confirmed. */
export function orderActivation<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  const { id, type, model, options, incarnation, node, owner, tenant } = entry.record;
  countAttempt(state, entry, moment);
  const agent = { id, incarnation, type, model, options, ...(tenant !== undefined && { tenant }) };
  return [{ type: 'order', node, order: { kind: 'activate', agent, owner } }];
}

/** The host has reported that this incarnation runs. */
export function confirm<R>(
  entry: AgentEntry<R>,
  reported: { readonly state: ReportedState },
): DirectoryEffect<R>[] {
  entry.reported = reported.state;
  if (entry.phase === 'active') return [];
  entry.phase = 'active';
  entry.orders = 0;
  const { id, node, incarnation } = entry.record;
  const fields = { agent: id, node, incarnation };
  const message = `agent ${id} runs on ${node}, incarnation ${incarnation}`;
  return [...answerWaiters(entry), { type: 'note', level: 'info', fields, message }];
}

function isPlaced({ phase }: AgentEntry<unknown>): boolean {
  return phase === 'active' || phase === 'activating';
}

/** True if this incarnation of the agent is the newest one, and is placed on this incarnation of the host. */
export function isPlacedOn(entry: AgentEntry<unknown>, host: HostSeen, incarnation: number): boolean {
  const { record } = entry;
  return (
    isPlaced(entry) &&
    record.node === host.node &&
    record.nodeIncarnation === host.incarnation &&
    record.incarnation === incarnation
  );
}

/** Sets when the next attempt is due: exponential backoff. */
function countAttempt(state: DirectoryState<unknown>, entry: AgentEntry<unknown>, { nowMs }: Moment): void {
  const { activationTimeoutMs, activationBackoffMaxMs } = state.config;
  entry.dueAtMs = nowMs + Math.min(activationTimeoutMs * 2 ** entry.orders, activationBackoffMaxMs);
  entry.orders += 1;
}
