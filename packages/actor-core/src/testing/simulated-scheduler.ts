import type { Random } from '../random.ts';
import type { Scheduler } from '../scheduler.ts';

/**
 * Runs turns on demand, in an order that the seed picks. An actor and a connection each have at most one ready task,
 * and handle their messages in order: only concurrent work changes places.
 */
export class SimulatedScheduler implements Scheduler {
  readonly #random: Random;
  readonly #ready: (() => void)[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Number of ready turns. */
  get pending(): number {
    return this.#ready.length;
  }

  schedule(task: () => void): void {
    this.#ready.push(task);
  }

  /** Runs one of the ready tasks. Returns false when there is none. */
  runOne(): boolean {
    if (this.#ready.length === 0) return false;
    const index = Math.floor(this.#random.next() * this.#ready.length);
    const task = this.#ready[index];
    // By hand: `splice` makes an array of what it takes out, millions of times.
    this.#ready.copyWithin(index, index + 1);
    this.#ready.pop();
    task?.();
    return true;
  }
}
