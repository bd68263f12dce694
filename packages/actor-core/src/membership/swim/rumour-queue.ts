import type { Rumour } from './swim-message.ts';

interface Queued {
  readonly rumour: Rumour;
  sent: number;
}

/**
 * Rumours on their way, each sent a limited number of times, the least sent first. A newer rumour about a member
 * replaces the older one. Source: memberlist `queue.go`.
 */
export class RumourQueue {
  readonly #byNode = new Map<string, Queued>();

  get size(): number {
    return this.#byNode.size;
  }

  add(rumour: Rumour): void {
    this.#byNode.delete(rumour.node);
    this.#byNode.set(rumour.node, { rumour, sent: 0 });
  }

  forget(node: string): void {
    this.#byNode.delete(node);
  }

  /** The rumours for one message; `limit`: times each is sent in all. */
  take(max: number, limit: number): readonly Rumour[] {
    if (this.#byNode.size === 0) return [];
    const chosen = [...this.#byNode.values()].toSorted((a, b) => a.sent - b.sent).slice(0, max);
    for (const queued of chosen) {
      queued.sent += 1;
      if (queued.sent >= limit) this.#byNode.delete(queued.rumour.node);
    }
    return chosen.map(({ rumour }) => rumour);
  }
}
