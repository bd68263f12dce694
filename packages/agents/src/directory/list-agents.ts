import { pagesOf } from '@drover/actor-core/internal';
import type { DirectoryAnswer } from '../protocol/directory-answer.ts';
import { pageSize } from '../protocol/limits.ts';
import { agentView } from './agent-view.ts';
import { noSuchAgent } from './answers.ts';
import { isForeign } from './foreign-tenant.ts';
import type { AgentEntry, DirectoryState } from './directory-state.ts';

export function agentAnswer(entry: AgentEntry<unknown> | undefined, id: string): DirectoryAnswer {
  return entry && isVisible(entry) ? { kind: 'agent', agent: agentView(entry) } : noSuchAgent(id);
}

/** The agents with an id above `after`, in the order of their ids, as many as fit one page. */
export function agentsPage(
  state: DirectoryState<unknown>,
  { after, tenant }: { readonly after: string; readonly tenant?: string | undefined },
): DirectoryAnswer {
  const rest = [...state.agents.values()].filter(
    (entry) => entry.record.id > after && isVisible(entry) && !isForeign(entry.record, tenant),
  );
  rest.sort((a, b) => (a.record.id < b.record.id ? -1 : 1));
  const most = rest.slice(0, pageSize).map((entry) => agentView(entry));
  const [page = []] = pagesOf(most, pageSize);
  return { kind: 'agents', agents: page, more: rest.length > page.length };
}

/** An agent is visible once its first record is durable. */
export function isVisible({ isRecorded, record, phase }: AgentEntry<unknown>): boolean {
  if (record.withdrawn === true) return false;
  return isRecorded || phase === 'stopped';
}
