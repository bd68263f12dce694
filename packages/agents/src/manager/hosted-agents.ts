import type { ActorRef } from '@drover/actor-core';
import type { AgentLife, AgentMessage } from '../agent/agent-actor.ts';
import { type HostedAgent, pageSize, type ReportedState } from '../protocol/registry-message.ts';

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
): HostedAgent[][] {
  const pages: HostedAgent[][] = [[]];
  for (const agent of hosted.values()) {
    const { id, incarnation, state, life } = agent;
    const runs = [...new Set([...agent.runs, ...(unsettled.get(id) ?? [])])];
    if (pages.at(-1)?.length === pageSize) pages.push([]);
    pages.at(-1)?.push({ id, incarnation, state, model: life.model, runs });
  }
  return pages;
}
