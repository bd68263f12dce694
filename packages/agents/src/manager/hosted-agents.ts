import { pagesOf } from '@drover/actor-core/internal';
import type { ActorRef } from '@drover/actor-core';
import type { AgentMessage, IncarnationState } from '../agent/agent-actor.ts';
import type { HostedAgent, ReportedState } from '../protocol/host-report.ts';
import { pageSize } from '../protocol/limits.ts';
import { agentPath } from '../protocol/task-message.ts';

/** One incarnation of an agent that runs on this host. */
export interface Hosted {
  readonly id: string;
  readonly incarnation: number;
  /** Sequence of the owner record under which this host runs it. */
  readonly owner: number;
  readonly ref: ActorRef<AgentMessage>;
  readonly shared: IncarnationState;
  state: ReportedState;
  /** Recorded runs that the agent has received and that have not ended. */
  readonly runs: Set<string>;
}

type AgentState = Omit<HostedAgent, 'runs'>;

/** The agents of this host, and the states that the leader has not received yet. */
export class HostedAgents {
  readonly #agents = new Map<string, Hosted>();
  readonly #changed = new Set<string>();

  get(id: string): Hosted | undefined {
    return this.#agents.get(id);
  }

  findByPath(path: string): Hosted | undefined {
    return [...this.#agents.values()].find(({ id, incarnation }) => agentPath(id, incarnation) === path);
  }

  add(hosted: Hosted): void {
    this.#agents.set(hosted.id, hosted);
  }

  remove(id: string): void {
    this.#agents.delete(id);
  }

  /**
   * Records the state of an agent. Returns when the state must be reported to the leader: `now`, `soon` (the first of a
   * batch of `busy` states), or undefined if no report needs to be scheduled.
   */
  noteState(id: string, incarnation: number, state: ReportedState): 'now' | 'soon' | undefined {
    const hosted = this.#agents.get(id);
    if (hosted?.incarnation !== incarnation) return undefined;
    hosted.state = state;
    this.#changed.add(id);
    // `ready` is reported at once, so that an asker that has received its answer finds the agent `ready`. `busy` is
    // reported with a delay, so that short tasks cause no report.
    if (state !== 'busy') return 'now';
    return this.#changed.size === 1 ? 'soon' : undefined;
  }

  /** The states that have changed since the last call, in pages. */
  takeChanged(): readonly (readonly AgentState[])[] {
    const agents = [...this.#changed].flatMap((id) => {
      const hosted = this.#agents.get(id);
      return hosted ? [stateOf(hosted)] : [];
    });
    this.#changed.clear();
    return agents.length === 0 ? [] : pagesOf(agents, pageSize);
  }

  /** All agents in pages. `unsettled`: runs whose end the leader has not confirmed, by agent. */
  inventory(unsettled: ReadonlyMap<string, readonly string[]>): readonly (readonly HostedAgent[])[] {
    const agents = [...this.#agents.values()].map((hosted) => ({
      ...stateOf(hosted),
      runs: [...new Set([...hosted.runs, ...(unsettled.get(hosted.id) ?? [])])],
    }));
    return pagesOf(agents, pageSize);
  }
}

function stateOf({ id, incarnation, state, shared }: Hosted): AgentState {
  return { id, incarnation, state, model: shared.model };
}
