import type { AgentView } from '@drover/agents';
import { agentStatuses } from './operations/agent-operations.ts';
import { invalidField, readQuery, wholeNumber } from './memory-query.ts';

/** Query of `GET /api/v1/agents/list`. */
export interface AgentListQuery {
  readonly type?: string;
  readonly status?: string;
  readonly node?: string;
  /** The id after which the page begins. */
  readonly after?: string;
  readonly limit: number;
}

const defaultLimit = 100;
const maxLimit = 1_000;

/** @throws RequestFailure 400 naming the parameter */
export function readAgentListQuery(query: string): AgentListQuery {
  const { cursor, limit, ...filters } = readQuery(query, ['type', 'status', 'node', 'cursor', 'limit']);
  const { status } = filters;
  if (status !== undefined && !agentStatuses.some((known) => known === status))
    throw invalidField('status', `must be one of ${agentStatuses.join(', ')}`);
  const most = wholeNumber('limit', limit) ?? defaultLimit;
  if (most < 1 || most > maxLimit) throw invalidField('limit', `must be 1 to ${maxLimit}`);
  return { ...filters, limit: most, ...(cursor !== undefined && { after: textOf(cursor) }) };
}

const defaultFinishMs = 10_000;
const maxFinishMs = 600_000;

/**
 * Query of `DELETE /api/v1/agents/{id}`: how long the tasks of the agent may go on.
 *
 * @throws RequestFailure 400 naming the parameter
 */
export function readStopQuery(query: string): { readonly finishMs: number } {
  const { mode = 'force', finishMs } = readQuery(query, ['mode', 'finishMs']);
  if (mode !== 'force' && mode !== 'graceful') throw invalidField('mode', 'must be graceful or force');
  const stated = wholeNumber('finishMs', finishMs);
  if (stated !== undefined && mode === 'force') throw invalidField('finishMs', 'needs mode=graceful');
  if (stated !== undefined && (stated < 1 || stated > maxFinishMs))
    throw invalidField('finishMs', `must be 1 to ${maxFinishMs}`);
  return { finishMs: mode === 'force' ? 0 : (stated ?? defaultFinishMs) };
}

/**
 * The agents that fit, in the order of their ids. Pure. Agents that are started or ended between two pages are in
 * neither or in one of them; all others are in exactly one.
 */
export function agentPage(
  agents: readonly AgentView[],
  { type, status, node, after, limit }: AgentListQuery,
): { readonly agents: readonly AgentView[]; readonly cursor?: string } {
  const fitting = agents
    .filter(
      (agent) =>
        (type === undefined || agent.type === type) &&
        (status === undefined || agent.status === status) &&
        (node === undefined || agent.node === node) &&
        (after === undefined || agent.id > after),
    )
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const page = fitting.slice(0, limit);
  const last = page.at(-1);
  if (last === undefined || fitting.length === page.length) return { agents: page };
  return { agents: page, cursor: Buffer.from(last.id).toString('base64url') };
}

function textOf(cursor: string): string {
  if (!/^[A-Za-z0-9_-]{1,512}$/.test(cursor)) throw invalidField('cursor', 'is none of a page before');
  return Buffer.from(cursor, 'base64url').toString('utf8');
}
