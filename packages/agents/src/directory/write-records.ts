import type { DirectoryEffect } from './directory-event.ts';
import type { AgentEntry, DirectoryState, RunEntry } from './directory-state.ts';

/** Writes the entry's current record. */
export function writeAgent<R>(state: DirectoryState<R>, entry: AgentEntry<R>): DirectoryEffect<R> {
  const { record } = entry;
  entry.durable = false;
  const write = state.writes.begin({ kind: 'agent', id: record.id, record });
  return { type: 'write-agent', write, record };
}

/** Writes the entry's current record. */
export function writeRun<R>(state: DirectoryState<R>, entry: RunEntry<R>): DirectoryEffect<R> {
  const { record } = entry;
  entry.durable = false;
  const write = state.writes.begin({ kind: 'run', runId: record.runId, record });
  return { type: 'write-run', write, record };
}
