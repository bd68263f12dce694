import type { ActorRef } from '@drover/actor-core';

/** `no`: serving · `waiting`: running requests may finish · `over`: their time has ended. */
export type DrainPhase = 'no' | 'waiting' | 'over';

/** Progress of an instance's drain, and the actors that wait for its end. A drained instance never serves again. */
export class Drain {
  #phase: DrainPhase = 'no';
  #waiters: ActorRef<'drained'>[] = [];

  get active(): boolean {
    return this.#phase !== 'no';
  }

  /** Adds a waiter. Returns true for the first waiter: the caller then refuses the waiting requests. */
  begin(replyTo: ActorRef<'drained'>): boolean {
    this.#waiters.push(replyTo);
    if (this.active) return false;
    this.#phase = 'waiting';
    return true;
  }

  timeIsUp(): void {
    this.#phase = 'over';
  }

  /**
   * Answers the waiters if no request is left, or after the time limit if none is inside Ollama. Returns true if it
   * answered them.
   */
  settle(left: { readonly requests: number; readonly inside: number }): boolean {
    const done = this.active && (left.requests === 0 || (this.#phase === 'over' && left.inside === 0));
    if (!done) return false;
    for (const waiter of this.#waiters) waiter.tell('drained');
    this.#waiters = [];
    return true;
  }
}
