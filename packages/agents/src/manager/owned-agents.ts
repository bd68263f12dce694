/**
 * The agents that this host owns, each with the sequence of the owner record. Outlives the manager, which may be
 * restarted.
 */
export class OwnedAgents {
  readonly #owners = new Map<string, number>();
  #listener: (id: string) => void = () => undefined;

  /** The sequence of the owner record; undefined where this host does not own the agent. */
  ownerOf(id: string): number | undefined {
    return this.#owners.get(id);
  }

  /** All agents, with the sequences of their owner records. */
  all(): IterableIterator<[id: string, owner: number]> {
    return this.#owners.entries();
  }

  take(id: string, owner: number): void {
    this.#owners.set(id, owner);
    this.#listener(id);
  }

  /** Nothing happens if the agent was taken again under a later record. */
  release(id: string, owner: number): void {
    if (this.#owners.get(id) !== owner) return;
    this.#owners.delete(id);
    this.#listener(id);
  }

  /** `listener` is called after each change; it replaces the one before. */
  onChange(listener: (id: string) => void): void {
    this.#listener = listener;
  }
}
