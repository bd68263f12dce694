import type { HostedAgent } from '../protocol/host-report.ts';
import type { DirectoryEffect, DirectoryEvent } from './directory-event.ts';
import type { AgentEntry, DirectoryState } from './directory-state.ts';
import type { HostSeen } from './host-table.ts';
import { confirm, isPlacedOn } from './place-agent.ts';
import { writeAgent } from './write-records.ts';

/**
 * Anti-entropy between the records and what the hosts run. Orders and reports may be lost; an inventory shows agents
 * that run but should not, and which runs the host has.
 */

type InventoryEvent<R> = Extract<DirectoryEvent<R>, { type: 'inventory' }>;
type StatesEvent<R> = Extract<DirectoryEvent<R>, { type: 'states' }>;

/** Inventories in a row that lack a run which the host had received; after them the run is dispatched again. */
const missedInventories = 2;

export function handleInventory<R>(state: DirectoryState<R>, event: InventoryEvent<R>): DirectoryEffect<R>[] {
  const host = state.hosts.senderOf(event);
  if (!host) return [];
  return event.agents.flatMap((hosted) => compareAgent(state, host, hosted));
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
): DirectoryEffect<R>[] {
  const { id, incarnation } = hosted;
  const entry = state.agents.get(id);
  if (!entry || !isPlacedOn(entry, host, incarnation)) {
    // The record of the stop may be on its way.
    const final = entry === undefined || (entry.phase === 'stopped' && entry.durable);
    return [{ type: 'order', node: host.node, order: { kind: 'deactivate', id, incarnation, final } }];
  }
  compareRuns(state, entry, new Set(hosted.runs));
  return [...confirm(entry, hosted), ...adoptModel(state, entry, hosted.model)];
}

function compareRuns(
  state: DirectoryState<unknown>,
  entry: AgentEntry<unknown>,
  received: ReadonlySet<string>,
): void {
  for (const runId of entry.running) {
    const run = state.runs.get(runId);
    if (run === undefined) continue;
    if (received.has(runId)) {
      run.dispatched = true;
      run.missed = 0;
    } else if (run.dispatched && ++run.missed >= missedInventories) {
      run.dispatched = false;
      run.missed = 0;
    }
  }
}

/** Records the model that the first task has decided: all later incarnations use the same model. */
function adoptModel<R>(state: DirectoryState<R>, entry: AgentEntry<R>, model: string): DirectoryEffect<R>[] {
  if (model === '' || entry.record.model !== '') return [];
  entry.record = { ...entry.record, model };
  return [writeAgent(state, entry)];
}
