import type { Random } from '../random.ts';
import type { Scheduler } from '../scheduler.ts';

/**
 * Turns that run when they are told to, in an order that the seed picks. An actor and a connection each have one
 * task ready at most per message, and take their messages in order: only what is concurrent changes places.
 */
export class SimulatedScheduler implements Scheduler {
  readonly #random: Random;
  readonly #ready: (() => void)[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Turns that are ready. */
  get pending(): number {
    return this.#ready.length;
  }

  schedule(task: () => void): void {
    this.#ready.push(task);
  }

  /** Runs one of the ready tasks. False when there is none. */
  runOne(): boolean {
    if (this.#ready.length === 0) return false;
    const index = Math.floor(this.#random.next() * this.#ready.length);
    const [task] = this.#ready.splice(index, 1);
    task?.();
    return true;
  }
}
