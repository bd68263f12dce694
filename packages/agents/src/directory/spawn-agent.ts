import type { DirectoryAnswer } from '../protocol/directory-message.ts';
import type { AgentRecord } from './agent-record.ts';
import { agentView } from './agent-view.ts';
import { canonicalRequest } from './canonical-request.ts';
import { isoTime } from './iso-time.ts';
import { decidePlace } from './place-agent.ts';
import type { Moment, DirectoryEffect, DirectoryEvent } from './directory-event.ts';
import { type AgentEntry, maxWaiters, newAgentEntry, type DirectoryState } from './directory-state.ts';
import { writeAgent } from './write-record.ts';

type Spawn<R> = Extract<DirectoryEvent<R>, { type: 'spawn' }>;

/** Records the agent with its place; the order to run it follows when that is durable. */
export function spawnAgent<R>(
  state: DirectoryState<R>,
  event: Spawn<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  const known = state.agents.get(state.agentOfKey.get(event.key) ?? '');
  if (known) return joinSpawn(known, event, moment);
  const refuse = (answer: DirectoryAnswer): DirectoryEffect<R>[] => [
    { type: 'answer', to: event.replyTo, answer },
  ];
  if (!state.types.has(event.spec.type)) return refuse(unknownType(state, event.spec.type));
  const host = decidePlace(state, moment.random);
  if (!host) return refuse(noHost);
  const place = state.agentSlots.take();
  if (!place) return refuse(full(state.config.maxAgents));
  if (place.evicted !== undefined) forget(state, place.evicted);
  const record: AgentRecord = {
    v: 1,
    id: event.id,
    slot: place.slot,
    type: event.spec.type,
    name: event.spec.name ?? `${event.spec.type}-${event.id.slice(-6)}`,
    model: event.model,
    options: event.spec.options ?? {},
    life: 'active',
    incarnation: 1,
    node: host.node,
    nodeIncarnation: host.incarnation,
    createdAtMs: moment.wallMs,
    key: event.key,
    request: canonicalRequest(event.spec),
  };
  const entry = newAgentEntry<R>(record);
  state.agents.set(record.id, entry);
  state.agentOfKey.set(record.key, record.id);
  addWaiter(entry, event, moment);
  return [writeAgent(state, entry)];
}

/** Answers every spawn request that waited for this agent. */
export function answerWaiters<R>(entry: AgentEntry<R>): DirectoryEffect<R>[] {
  const answer: DirectoryAnswer = { kind: 'agent', agent: agentView(entry, isoTime) };
  return entry.waiters.splice(0).map((waiter) => ({ type: 'answer', to: waiter.replyTo, answer }));
}

/** Tells spawn requests that have waited long enough that theirs is recorded and goes on. */
export function releaseWaiters<R>(entry: AgentEntry<R>, nowMs: number): DirectoryEffect<R>[] {
  const overdue = entry.waiters.filter((waiter) => waiter.untilMs <= nowMs);
  if (overdue.length === 0) return [];
  entry.waiters = entry.waiters.filter((waiter) => waiter.untilMs > nowMs);
  // Before the record is durable nothing may be promised: the asker times out and asks again with its key.
  if (!entry.durable) return [];
  const answer: DirectoryAnswer = { kind: 'pending', agent: agentView(entry, isoTime) };
  return overdue.map((waiter) => ({ type: 'answer', to: waiter.replyTo, answer }));
}

function joinSpawn<R>(entry: AgentEntry<R>, event: Spawn<R>, moment: Moment): DirectoryEffect<R>[] {
  const same = entry.record.request === canonicalRequest(event.spec);
  if (!same) return [{ type: 'answer', to: event.replyTo, answer: keyConflict(entry.record.id) }];
  if (entry.phase === 'active' || entry.phase === 'stopped') {
    return [
      { type: 'answer', to: event.replyTo, answer: { kind: 'agent', agent: agentView(entry, isoTime) } },
    ];
  }
  addWaiter(entry, event, moment);
  return [];
}

function addWaiter<R>(entry: AgentEntry<R>, event: Spawn<R>, moment: Moment): void {
  if (entry.waiters.length >= maxWaiters) entry.waiters.shift();
  entry.waiters.push({ replyTo: event.replyTo, untilMs: moment.nowMs + event.waitMs });
}

function forget(state: DirectoryState<unknown>, id: string): void {
  const entry = state.agents.get(id);
  if (!entry) return;
  state.agents.delete(id);
  state.agentOfKey.delete(entry.record.key);
}

const noHost: DirectoryAnswer = {
  kind: 'error',
  code: 'no-host',
  message: 'no host that runs agents is alive; start one with `drover host` or wait for it to come back',
  retryAfterMs: 2_000,
};

function full(maxAgents: number): DirectoryAnswer {
  return {
    kind: 'error',
    code: 'no-host',
    message: `all ${maxAgents} places for agents are taken; stop agents that are not needed`,
    retryAfterMs: 0,
  };
}

function unknownType(state: DirectoryState<unknown>, type: string): DirectoryAnswer {
  const known = [...state.types].toSorted().slice(0, 20).join(', ');
  return {
    kind: 'error',
    code: 'unknown-agent-type',
    message: `there is no agent type ${JSON.stringify(type)}; there are: ${known}`,
    field: 'type',
    retryAfterMs: 0,
  };
}

function keyConflict(id: string): DirectoryAnswer {
  return {
    kind: 'error',
    code: 'idempotency-conflict',
    message: `this Idempotency-Key made agent ${id} out of another request; use a new key`,
    retryAfterMs: 0,
  };
}
