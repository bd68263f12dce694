import { type HostSeen, isPlacedOn, mustBeListed } from '@drover/actor-core/internal';
import type { HostedAgent } from '../protocol/host-report.ts';
import type { DirectoryEffect, DirectoryEvent, Moment } from './directory-event.ts';
import type { AgentEntry, DirectoryState } from './directory-state.ts';
import { confirm, relocate } from './place-agent.ts';
import { writeAgent } from './write-records.ts';

/**
 * Anti-entropy between the records and what the hosts run. Orders and reports may be lost; an inventory shows agents
 * that run but should not, agents that should run but do not, and runs that the host has received.
 */

type InventoryEvent<R> = Extract<DirectoryEvent<R>, { type: 'inventory' }>;
type StatesEvent<R> = Extract<DirectoryEvent<R>, { type: 'states' }>;

export function handleInventory<R>(
  state: DirectoryState<R>,
  event: InventoryEvent<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  const host = state.hosts.senderOf(event);
  if (!host) return [];
  const effects = event.agents.flatMap((hosted) => compareAgent(state, host, hosted, moment));
  const inventory = state.hosts.collect(host.node, { ...event, items: event.agents });
  if (!inventory) return effects;
  const listed = new Set(inventory.items.map((agent) => agent.id));
  for (const entry of state.agents.values()) {
    if (!listed.has(entry.record.id) && mustBeListed(entry, host, inventory.askedAtMs)) {
      effects.push(...relocate(state, entry, moment, 'its host no longer runs it'));
    }
  }
  return effects;
}

export function handleStates<R>(state: DirectoryState<R>, event: StatesEvent<R>): DirectoryEffect<R>[] {
  const host = state.hosts.senderOf(event);
  if (!host) return [];
  return event.agents.flatMap((hosted) => {
    const entry = state.agents.get(hosted.id);
    if (!entry || entry.phase !== 'active' || !isPlacedOn(entry, host, hosted.incarnation)) return [];
    entry.reported = hosted.state;
    return adoptModel(state, entry, hosted.model);
  });
}

function compareAgent<R>(
  state: DirectoryState<R>,
  host: HostSeen,
  hosted: HostedAgent,
  moment: Moment,
): DirectoryEffect<R>[] {
  const { id, incarnation } = hosted;
  const entry = state.agents.get(id);
  if (!entry || !isPlacedOn(entry, host, incarnation)) {
    const final = entry?.phase === 'stopped';
    return [{ type: 'order', node: host.node, order: { kind: 'deactivate', id, incarnation, final } }];
  }
  for (const runId of hosted.runs) {
    const run = state.runs.get(runId);
    if (run) run.dispatched = true;
  }
  return [...confirm(entry, hosted, moment), ...adoptModel(state, entry, hosted.model)];
}

/** Records the model that the first task has decided: all later incarnations use the same model. */
function adoptModel<R>(state: DirectoryState<R>, entry: AgentEntry<R>, model: string): DirectoryEffect<R>[] {
  if (model === '' || entry.record.model !== '') return [];
  entry.record = { ...entry.record, model };
  return [writeAgent(state, entry)];
}
