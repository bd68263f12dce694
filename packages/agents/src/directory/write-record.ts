import type { DirectoryEffect } from './directory-event.ts';
import type { AgentEntry, DirectoryState, RunEntry } from './directory-state.ts';

/** The entry's record as it is now, on its way into the stream. */
export function writeAgent<R>(state: DirectoryState<R>, entry: AgentEntry<R>): DirectoryEffect<R> {
  const write = state.nextWrite++;
  entry.durable = false;
  state.writes.set(write, { kind: 'agent', id: entry.record.id, record: entry.record });
  return { type: 'write-agent', write, record: entry.record };
}

export function writeRun<R>(state: DirectoryState<R>, entry: RunEntry<R>): DirectoryEffect<R> {
  const write = state.nextWrite++;
  entry.durable = false;
  state.writes.set(write, { kind: 'run', runId: entry.record.runId, record: entry.record });
  return { type: 'write-run', write, record: entry.record };
}
