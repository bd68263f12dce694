import type { ClusterNode } from '@drover/actor-core/cluster';
import type { SignedPrincipal } from '@drover/fleet';
import type { AgentView } from '../agents-client.ts';
import type { AgentsConfig } from '../config.ts';
import {
  agentPath,
  type RetireReply,
  retireReplySchema,
  type TaskMessage,
} from '../protocol/task-message.ts';
import { delay } from './delay.ts';

/** Pause between two questions whether the agent is idle. */
const askEveryMs = 250;
/** Time for which one question keeps the agent from taking tasks: several questions may be lost. */
const retiredForMs = 5_000;

/** What the retirement needs of its client. */
interface RetiringClient {
  readonly node: ClusterNode;
  readonly config: AgentsConfig;
  readonly sign: (to: string) => SignedPrincipal | undefined;
}

/**
 * Keeps the agent from taking tasks, and resolves when those that it has have ended, or after `finishMs`. An agent that
 * moves meanwhile is asked at its new place. Recorded runs that wait for the agent count as its tasks once it has them.
 *
 * @throws AgentsError of `find`
 */
export async function retireAgent(
  { node, config, sign }: RetiringClient,
  find: () => Promise<AgentView>,
  finishMs: number,
): Promise<void> {
  const untilMs = node.clock.now() + finishMs;
  for (;;) {
    const agent = await find();
    if (agent.status === 'stopped' || agent.status === 'failed') return;
    if (agent.node !== '' && (await isIdle(node, agent, sign(agent.node), config.askTimeoutMs))) return;
    const leftMs = untilMs - node.clock.now();
    if (leftMs <= 0) return;
    await delay(node.clock, Math.min(askEveryMs, leftMs));
  }
}

/** False without an answer. */
async function isIdle(
  { system }: ClusterNode,
  { id, node, incarnation }: AgentView,
  principal: SignedPrincipal | undefined,
  timeoutMs: number,
): Promise<boolean> {
  const agent = system.refFor<TaskMessage>(node, agentPath(id, incarnation));
  try {
    const reply = await system.ask<TaskMessage, RetireReply>(
      agent,
      (replyTo) => ({ kind: 'retire', forMs: retiredForMs, principal, replyTo }),
      { timeoutMs },
    );
    return retireReplySchema.safeParse(reply).data?.isIdle === true;
  } catch {
    // An agent of 0.3.0 does not know the question; one that moves does not answer.
    return false;
  }
}
