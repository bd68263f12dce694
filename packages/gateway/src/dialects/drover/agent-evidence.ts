import { inspectCluster } from '@drover/actor-core/cluster';
import type { AgentView } from '@drover/agents';
import type { GatewayServices } from '../../services.ts';

/** What is known of the node and the actor of an agent; null where nothing is. */
export interface AgentEvidence {
  /** Time since this gateway heard the node. */
  readonly evidenceAgeMs: number | null;
  /** `alive` · `unreachable` · `left`. */
  readonly nodeState: string | null;
  /** Messages that wait at the actor, asked now. */
  readonly mailboxDepth: number | null;
}

/** Asks the node of the agent, with the timeout of other inspections. */
export async function agentEvidence(
  { node, config }: Pick<GatewayServices, 'node' | 'config'>,
  agent: AgentView,
): Promise<AgentEvidence> {
  const member = agent.node === '' ? undefined : node.presence.member(agent.node);
  if (member === undefined) return { evidenceAgeMs: null, nodeState: null, mailboxDepth: null };
  const known = { evidenceAgeMs: Math.round(member.ageMs), nodeState: member.state };
  const path = `agents/${agent.id}-${agent.incarnation}`;
  const question = { node: agent.node, path, limit: 1, timeoutMs: config.inspectTimeoutMs };
  const [inspected] = await inspectCluster(node, question);
  const actors =
    inspected !== undefined && 'inspection' in inspected.answer ? inspected.answer.inspection.actors : [];
  return { ...known, mailboxDepth: actors[0]?.mailboxDepth ?? null };
}
