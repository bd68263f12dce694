import type { ActorRef } from '@drover/actor-core';
import type { AgentLife, AgentMessage } from '../agent/agent-actor.ts';
import { pagesOf } from '../protocol/page.ts';
import { type HostedAgent, pageSize, type ReportedState } from '../protocol/directory-message.ts';

/** One life of an agent that runs here. */
export interface Hosted {
  readonly id: string;
  readonly incarnation: number;
  readonly ref: ActorRef<AgentMessage>;
  readonly life: AgentLife;
  state: ReportedState;
  /** Recorded runs it was given and that have not ended. */
  readonly runs: Set<string>;
}

/** What runs here, in pages. `unsettled` are ends that the leader has not confirmed, by agent. */
export function inventoryPages(
  hosted: ReadonlyMap<string, Hosted>,
  unsettled: ReadonlyMap<string, readonly string[]>,
): readonly (readonly HostedAgent[])[] {
  const agents = [...hosted.values()].map(({ id, incarnation, state, life, runs }) => ({
    id,
    incarnation,
    state,
    model: life.model,
    runs: [...new Set([...runs, ...(unsettled.get(id) ?? [])])],
  }));
  return pagesOf(agents, pageSize);
}
