import type { Clock, Remedy } from '@drover/actor-core';
import { type ClusterNode, followRemedies } from '@drover/actor-core/cluster';

/** A remedy as this gateway received it. */
export interface LoggedRemedy extends Remedy {
  /** The node that did it. */
  readonly node: string;
  readonly receivedAtMs: number;
}

const maxRemedies = 1_000;

/** The last remedies of the cluster, since this gateway started. */
export class RemedyLog {
  readonly #clock: Clock;
  readonly #onRemedy: (remedy: LoggedRemedy) => void;
  readonly #leave: () => void;
  #remedies: LoggedRemedy[] = [];

  constructor(node: ClusterNode, onRemedy: (remedy: LoggedRemedy) => void) {
    this.#clock = node.clock;
    this.#onRemedy = onRemedy;
    this.#leave = followRemedies(node, (remedy, from) => this.#add(remedy, from));
  }

  /** The newest first, at most `limit`. */
  last(limit: number): readonly LoggedRemedy[] {
    return this.#remedies.slice(-limit).toReversed();
  }

  stop(): void {
    this.#leave();
    this.#remedies = [];
  }

  #add(remedy: Remedy, node: string): void {
    const logged = { ...remedy, node, receivedAtMs: this.#clock.wallNow() };
    this.#remedies.push(logged);
    if (this.#remedies.length > 2 * maxRemedies) this.#remedies = this.#remedies.slice(-maxRemedies);
    this.#onRemedy(logged);
  }
}
