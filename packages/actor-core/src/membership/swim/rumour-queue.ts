import type { Rumour } from './swim-message.ts';

/**
 * Rumours on their way, each sent a limited number of times, the least sent first. A newer rumour about a member
 * replaces the older one. Source: memberlist `queue.go`.
 */
export class RumourQueue {
  /** How often the rumour about a node was sent. */
  readonly #sent = new Map<string, number>();
  /** The rumours by node, for each number of times that they were sent. */
  readonly #bySent: Map<string, Rumour>[] = [];

  get size(): number {
    return this.#sent.size;
  }

  add(rumour: Rumour): void {
    this.forget(rumour.node);
    this.#put(rumour, 0);
  }

  forget(node: string): void {
    const sent = this.#sent.get(node);
    if (sent === undefined) return;
    this.#sent.delete(node);
    this.#bySent[sent]?.delete(node);
  }

  /** The rumours for one message; `limit`: times each is sent in all. */
  take(max: number, limit: number): readonly Rumour[] {
    if (this.size === 0) return [];
    const chosen = this.#leastSent(max);
    for (const rumour of chosen) {
      const sent = (this.#sent.get(rumour.node) ?? 0) + 1;
      this.forget(rumour.node);
      if (sent < limit) this.#put(rumour, sent);
    }
    return chosen;
  }

  #leastSent(max: number): Rumour[] {
    const chosen: Rumour[] = [];
    for (const rumours of this.#bySent)
      for (const rumour of rumours.values()) {
        if (chosen.length === max) return chosen;
        chosen.push(rumour);
      }
    return chosen;
  }

  #put(rumour: Rumour, sent: number): void {
    this.#sent.set(rumour.node, sent);
    while (this.#bySent.length <= sent) this.#bySent.push(new Map());
    this.#bySent[sent]?.set(rumour.node, rumour);
  }
}
