import type { RuntimeEvent } from '../../actor/runtime-event.ts';
import type { TestNode } from '../test-node.ts';
import type { CounterTexts } from './counters.ts';
import type { World } from './world.ts';

/** One part of the runtime under test: actors on every node, clients that use them, and the guarantees to check. */
export interface Workload {
  /** A node has started an incarnation: starts the actors there. */
  startNode(node: TestNode): void;
  /** Performs one operation of a client. Returns false when there was no actor for it. */
  act(): boolean;
  onEvent?(node: TestNode, event: RuntimeEvent): void;
  /** Acknowledged records were lost: the store was wiped, or rolled back. Only in some seeds. */
  onLoss?(): void;
  /** Checks the guarantees that hold at every moment. */
  checkStep?(): void;
  /**
   * Checks the guarantees that hold when the faults are over and all work had time to end. Waits with `world.pass`: the
   * workloads of a seed do this at the same time.
   */
  checkEnd?(): Promise<void> | void;
  /** Brings in faults once more and checks what follows. Runs after every `checkEnd`, and alone. */
  checkAlone?(): Promise<void>;
  /** Checks, in some seeds, that the other nodes have taken over from one that was lost for good after the end. */
  checkAfterNodeLoss?(): Promise<void> | void;
}

/** A workload that seeds can play, by its name in `workloads.ts`. */
export interface Scenario {
  readonly create: (world: World) => Workload;
  /**
   * What the workload counts with `world.count`. Over a batch each of these events must happen, otherwise the batch
   * proves too little.
   */
  readonly counters: CounterTexts;
}
