import type { RegistryEffect } from './registry-event.ts';
import type { AgentEntry, RegistryState, RunEntry } from './registry-state.ts';

/** The entry's record as it is now, on its way into the stream. */
export function writeAgent<R>(state: RegistryState<R>, entry: AgentEntry<R>): RegistryEffect<R> {
  const write = state.nextWrite++;
  entry.durable = false;
  state.writes.set(write, { kind: 'agent', id: entry.record.id, record: entry.record });
  return { type: 'write-agent', write, record: entry.record };
}

export function writeRun<R>(state: RegistryState<R>, entry: RunEntry<R>): RegistryEffect<R> {
  const write = state.nextWrite++;
  entry.durable = false;
  state.writes.set(write, { kind: 'run', runId: entry.record.runId, record: entry.record });
  return { type: 'write-run', write, record: entry.record };
}
