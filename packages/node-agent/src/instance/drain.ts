import type { ActorRef } from '@drover/actor-core';

/** `no`: serving · `waiting`: running requests may finish · `over`: their time was up. */
export type DrainPhase = 'no' | 'waiting' | 'over';

/** How far an instance has drained, and who wants to know. It never goes back to serving. */
export class Drain {
  #phase: DrainPhase = 'no';
  #waiters: ActorRef<'drained'>[] = [];

  get active(): boolean {
    return this.#phase !== 'no';
  }

  /** True the first time: what waits is then to be refused. */
  begin(replyTo: ActorRef<'drained'>): boolean {
    this.#waiters.push(replyTo);
    if (this.active) return false;
    this.#phase = 'waiting';
    return true;
  }

  timeIsUp(): void {
    this.#phase = 'over';
  }

  /** Tells everyone once nothing is left; when time was up, once nothing is inside Ollama. True if it is done. */
  settle(left: { readonly requests: number; readonly inside: number }): boolean {
    const done = this.active && (left.requests === 0 || (this.#phase === 'over' && left.inside === 0));
    if (!done) return false;
    for (const waiter of this.#waiters) waiter.tell('drained');
    this.#waiters = [];
    return true;
  }
}
