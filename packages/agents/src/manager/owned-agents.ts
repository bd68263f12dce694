import type { OwnedAgent } from '../protocol/host-report.ts';

/**
 * The agents that this host owns, each with the sequence of the owner record. Outlives the manager, which may be
 * restarted.
 */
export class OwnedAgents {
  readonly #agents = new Map<string, OwnedAgent>();
  #listener: (id: string) => void = () => undefined;

  /** Undefined where this host does not own the agent. */
  get(id: string): OwnedAgent | undefined {
    return this.#agents.get(id);
  }

  all(): Iterable<OwnedAgent> {
    return this.#agents.values();
  }

  take(agent: OwnedAgent): void {
    this.#agents.set(agent.id, agent);
    this.#listener(agent.id);
  }

  /** Nothing happens if the agent was taken again under a later record. */
  release({ id, owner }: OwnedAgent): void {
    if (this.#agents.get(id)?.owner !== owner) return;
    this.#agents.delete(id);
    this.#listener(id);
  }

  /** `listener` is called after each change; it replaces the one before. */
  onChange(listener: (id: string) => void): void {
    this.#listener = listener;
  }
}
