import { isoTime } from '@drover/fleet';
import type { AgentStatus, AgentView } from '../agents-client.ts';
import type { AgentEntry } from './directory-state.ts';

/** An agent as clients see it. */
export function agentView(entry: AgentEntry<unknown>): AgentView {
  const { record } = entry;
  return {
    id: record.id,
    type: record.type,
    name: record.name,
    model: record.model,
    status: statusOf(entry),
    node: entry.phase === 'active' ? record.node : '',
    incarnation: record.incarnation,
    createdAt: isoTime(record.createdAtMs),
    ...(record.tenant !== undefined && { tenant: record.tenant }),
  };
}

// oxlint-disable-next-line typescript/consistent-return -- every case returns; the compiler checks it
function statusOf(entry: AgentEntry<unknown>): AgentStatus {
  switch (entry.phase) {
    case 'stopped':
      return 'stopped';
    case 'unplaced':
      return entry.record.node === '' ? 'starting' : 'lost';
    case 'activating':
      return entry.record.incarnation === 1 ? 'starting' : 'lost';
    case 'active':
      return entry.reported;
  }
}
