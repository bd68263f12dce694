import { receive, setup } from '@drover/actor-core';
import { type ClusterNode, defineEntity, type EntityKind } from '@drover/actor-core/cluster';
import { z } from 'zod';
import type { OwnedAgents } from './owned-agents.ts';

/** Wants the agent to be active somewhere: the message alone activates it. */
export interface StartAgent {
  readonly kind: 'start';
}

export type AgentEntity = EntityKind<StartAgent>;

/** Above the number of agents that a cluster may have. */
const maxResident = 1_000_000;

/**
 * An agent as an entity: decides which host may run it, and nothing else. Its activation is the right of this host to
 * the agent, noted in `owned`; the manager asks the leader for the incarnation to run, and runs it as its own child.
 *
 * Agents are remembered, so they are active without a message. They are not rebalanced, which would end their tasks.
 */
export function agentEntity({ nodeId, presence }: ClusterNode, owned: OwnedAgents): AgentEntity {
  return defineEntity<StartAgent>({
    type: 'agent',
    protocol: z.object({ kind: z.literal('start') }),
    behaviour: ({ key, fence, isHandedOver, signal }) =>
      setup(() => {
        const agent = { id: key, owner: fence.sequence, isHandedOver };
        const release = (): void => owned.release(agent);
        signal.addEventListener('abort', release, { once: true });
        if (!signal.aborted) owned.take(agent);
        return receive<StartAgent>(() => undefined);
      }),
    role: 'host',
    maxResident,
    rebalance: false,
    remember: true,
    accepts: (_, { node }) => node === nodeId || presence.member(node)?.roles.includes('host') === true,
  });
}
