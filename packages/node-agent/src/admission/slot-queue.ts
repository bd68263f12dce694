/** A request as the queue sees it. */
export interface Ticket {
  readonly id: string;
  /** Higher goes first; equal ones in order of arrival. */
  readonly priority: number;
  /** Bytes its body holds or will hold. */
  readonly bodyBytes: number;
}

export interface SlotQueueLimits {
  readonly slots: number;
  readonly maxQueue: number;
  readonly maxHeldBytes: number;
}

export type Offer =
  /** 0: runs now. Meaningless for a ticket that is not ready yet. */
  { readonly kind: 'taken'; readonly position: number } | { readonly kind: 'full'; readonly reason: string };

/**
 * At most `slots` tickets inside Ollama, then a bounded FIFO by priority. A ticket is `receiving` until its body is
 * whole, then waits, then is inside; from each of these `leave` takes it out, once: a second `leave` does nothing, so
 * that a slot can never be released twice. Pure bookkeeping: who is started is returned, not done.
 */
export class SlotQueue {
  readonly #limits: SlotQueueLimits;
  readonly #receiving = new Map<string, Ticket>();
  readonly #inside = new Map<string, Ticket>();
  #waiting: Ticket[] = [];
  #heldBytes = 0;

  constructor(limits: SlotQueueLimits) {
    this.#limits = limits;
  }

  get busy(): number {
    return this.#inside.size;
  }

  /** Waiting here, bodies that are still coming included. */
  get queued(): number {
    return this.#waiting.length + this.#receiving.size;
  }

  /** Takes the ticket's place and bytes, or says why not. */
  offer(ticket: Ticket): Offer {
    const places = this.#limits.slots + this.#limits.maxQueue;
    if (this.busy + this.queued >= places) {
      return {
        kind: 'full',
        reason: `${this.busy} running and ${this.queued} queued, maxQueue is ${this.#limits.maxQueue}`,
      };
    }
    if (this.#heldBytes + ticket.bodyBytes > this.#limits.maxHeldBytes) {
      return {
        kind: 'full',
        reason: `queued bodies hold ${this.#heldBytes} bytes, maxHeldBytes is ${this.#limits.maxHeldBytes}`,
      };
    }
    this.#receiving.set(ticket.id, ticket);
    this.#heldBytes += ticket.bodyBytes;
    const ahead = this.#waiting.filter((other) => other.priority >= ticket.priority).length;
    return { kind: 'taken', position: this.busy < this.#limits.slots && ahead === 0 ? 0 : ahead + 1 };
  }

  /** The ticket's body is whole: it may run. */
  ready(id: string): void {
    const ticket = this.#receiving.get(id);
    if (ticket === undefined) return;
    this.#receiving.delete(id);
    const behind = this.#waiting.findIndex((other) => other.priority < ticket.priority);
    this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, ticket);
  }

  /** Moves waiting tickets into free slots and returns their ids. */
  fill(): readonly string[] {
    const started = this.#waiting.splice(0, Math.max(0, this.#limits.slots - this.busy));
    for (const ticket of started) this.#inside.set(ticket.id, ticket);
    return started.map((ticket) => ticket.id);
  }

  /** Takes a ticket out, wherever it is. False if it was not here (any more). */
  leave(id: string): boolean {
    const ticket =
      this.#inside.get(id) ?? this.#receiving.get(id) ?? this.#waiting.find((other) => other.id === id);
    if (ticket === undefined) return false;
    this.#inside.delete(id);
    this.#receiving.delete(id);
    this.#waiting = this.#waiting.filter((other) => other !== ticket);
    this.#heldBytes -= ticket.bodyBytes;
    return true;
  }

  isInside(id: string): boolean {
    return this.#inside.has(id);
  }

  /** Waiting tickets in the order they will run; the first has position 1. */
  waiting(): readonly Ticket[] {
    return this.#waiting;
  }
}
