import type { DirectoryAnswer } from '../protocol/directory-answer.ts';
import { defaultTenant } from '../protocol/limits.ts';
import type { AgentRecord } from './agent-record.ts';
import { agentView } from './agent-view.ts';
import { errorAnswer } from './answers.ts';
import { canonicalRequest } from './canonical-request.ts';
import type { DirectoryEffect, DirectoryEvent, Moment } from './directory-event.ts';
import { type AgentEntry, type DirectoryState, newAgentEntry } from './directory-state.ts';
import { addWaiter } from './waiters.ts';
import { writeAgent } from './write-records.ts';

type Spawn<R> = Extract<DirectoryEvent<R>, { type: 'spawn' }>;

/** Time that an answer may take to its asker. */
const answerTravelMs = 500;

/** Records the agent; its entity is started once the record is durable. */
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
  if (!state.hosts.takesAgents) return refuse(noHost);
  const place = state.agentSlots.take();
  if (!place) return refuse(full(state.config.maxAgents));
  if (place.evicted !== undefined) forget(state, place.evicted);
  const entry = newAgentEntry<R>(newRecord(event, place.slot, moment));
  state.agents.set(event.id, entry);
  state.agentOfKey.set(event.key, event.id);
  entry.answerByMs = answerByMs(event, moment);
  addWaiter(entry, event.replyTo, moment.nowMs + event.waitMs);
  return [writeAgent(state, entry)];
}

function newRecord({ id, key, spec, model }: Spawn<unknown>, slot: number, moment: Moment): AgentRecord {
  return {
    v: 1,
    id,
    slot,
    type: spec.type,
    name: spec.name ?? `${spec.type}-${id.slice(-6)}`,
    model,
    options: spec.options ?? {},
    life: 'active',
    incarnation: 1,
    node: '',
    nodeIncarnation: 0,
    createdAtMs: moment.wallMs,
    ...(spec.tenant !== undefined && spec.tenant !== defaultTenant && { tenant: spec.tenant }),
    key,
    request: canonicalRequest(spec),
  };
}

/** A spawn request with a key that already has an agent. */
function joinSpawn<R>(entry: AgentEntry<R>, event: Spawn<R>, moment: Moment): DirectoryEffect<R>[] {
  const isSame = entry.record.request === canonicalRequest(event.spec);
  if (!isSame) return [{ type: 'answer', to: event.replyTo, answer: keyConflict(entry.record.id) }];
  if (entry.phase === 'active' || entry.phase === 'stopped') {
    return [{ type: 'answer', to: event.replyTo, answer: { kind: 'agent', agent: agentView(entry) } }];
  }
  entry.answerByMs = Math.max(entry.answerByMs, answerByMs(event, moment));
  addWaiter(entry, event.replyTo, moment.nowMs + event.waitMs);
  return [];
}

/** An answer that is sent until this instant still finds its asker waiting. */
function answerByMs({ leftMs }: Spawn<unknown>, { nowMs }: Moment): number {
  if (leftMs === undefined) return Number.POSITIVE_INFINITY;
  return nowMs + Math.max(leftMs - answerTravelMs, leftMs / 2);
}

/** The asker of a spawn that is not durable yet is told that the spawn failed. */
export function noteRefusedSpawn(state: DirectoryState<unknown>, key: string): void {
  const entry = state.agents.get(state.agentOfKey.get(key) ?? '');
  if (entry?.isRecorded === false && entry.phase !== 'stopped') entry.answerByMs = Number.NEGATIVE_INFINITY;
}

/**
 * The first record of an agent is durable. A spawn that was told as failed meanwhile must not appear: its record is
 * replaced by one of a stopped agent that nobody sees.
 */
export function spawnRecorded<R>(
  state: DirectoryState<R>,
  entry: AgentEntry<R>,
  moment: Moment,
): DirectoryEffect<R>[] | undefined {
  const isLate = moment.nowMs > entry.answerByMs;
  entry.answerByMs = Number.POSITIVE_INFINITY;
  if (!isLate) return undefined;
  const { record } = entry;
  entry.phase = 'stopped';
  entry.waiters = [];
  entry.record = { ...record, life: 'stopped', withdrawn: true };
  state.agentOfKey.delete(record.key);
  const message = `agent ${record.id} was recorded after its spawn had been told as failed; it is withdrawn`;
  return [writeAgent(state, entry), { type: 'note', level: 'info', fields: { agent: record.id }, message }];
}

function forget(state: DirectoryState<unknown>, id: string): void {
  const entry = state.agents.get(id);
  if (!entry) return;
  state.agents.delete(id);
  state.agentOfKey.delete(entry.record.key);
}

const noHost = errorAnswer(
  'no-host',
  'no host that runs agents is alive; start one with `drover host` or wait until one is back',
  2_000,
);

function full(maxAgents: number): DirectoryAnswer {
  return errorAnswer(
    'no-host',
    `all ${maxAgents} places for agents are taken; stop agents that are not needed`,
  );
}

function unknownType(state: DirectoryState<unknown>, type: string): DirectoryAnswer {
  const known = [...state.types].toSorted().slice(0, 20).join(', ');
  const message = `there is no agent type ${JSON.stringify(type)}; the known types are: ${known}`;
  return { ...errorAnswer('unknown-agent-type', message), field: 'type' };
}

function keyConflict(id: string): DirectoryAnswer {
  const message = `this Idempotency-Key was used with another request, which made agent ${id}; use a new key`;
  return errorAnswer('idempotency-conflict', message);
}
