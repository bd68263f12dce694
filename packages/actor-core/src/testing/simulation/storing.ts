import type { TestNode } from '../test-node.ts';
import { Copies } from './storing/copies.ts';
import { Fences } from './storing/fences.ts';
import { Registers } from './storing/registers.ts';
import { Tasks } from './storing/tasks.ts';
import type { Scenario, Workload } from './workload.ts';
import type { World } from './world.ts';

/** Share of the operations of each part; restarts of a watch are rare. */
const shares = [0.45, 0.8, 0.97];

/** Plain users of the storage interfaces: registers, fences, tasks, and copies of a bucket. */
class Storing implements Workload {
  readonly #world: World;
  readonly #parts: readonly Workload[];

  constructor(world: World) {
    this.#world = world;
    this.#parts = [new Registers(world), new Fences(world), new Tasks(world), new Copies(world)];
  }

  startNode(node: TestNode): void {
    for (const part of this.#parts) part.startNode(node);
  }

  act(): boolean {
    const draw = this.#world.chance();
    const index = shares.findIndex((share) => draw < share);
    return this.#parts.at(index)?.act() ?? false;
  }

  onLoss(): void {
    for (const part of this.#parts) part.onLoss?.();
  }

  async checkEnd(): Promise<void> {
    await Promise.all(this.#parts.map(async (part) => part.checkEnd?.()));
  }
}

export const storing: Scenario = {
  create: (world) => new Storing(world),
  counters: {
    swaps: 'compare-and-set writes that were accepted',
    refusedSwaps: 'compare-and-set writes that were refused',
    refutedReads: 'reads of the leader that a barrier write showed to be stale',
    registerHistories: 'histories of keys that were found linearizable',
    takeovers: 'fences that were taken from another writer',
    lostCandidacies: 'fences that another writer took first',
    fencedWrites: 'writes that were accepted under a fence',
    staleWritesRefused: 'writes under an older fence, all refused',
    unknownOutcomes: 'fenced operations whose outcome stayed unknown',
    tasks: 'tasks that a queue accepted',
    redeliveries: 'tasks that were delivered again',
    lostLeases: 'acknowledgements that came after the end of the lease',
    caughtUp: 'watches that caught up',
    changes: 'changes that watches reported',
  },
};
