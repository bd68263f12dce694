import type { RuntimeEvent } from '../../actor/runtime-event.ts';
import type { TestNode } from '../test-node.ts';

/** One part of the runtime under test: actors on every node, clients that use them, and the guarantees to check. */
export interface Workload {
  /** A node has started an incarnation: starts the actors there. */
  startNode(node: TestNode): void;
  /** Performs one operation of a client. Returns false when there was no actor for it. */
  act(): boolean;
  onEvent?(node: TestNode, event: RuntimeEvent): void;
  /** Checks the guarantees that hold at every moment. */
  checkStep?(): void;
  /** Checks the guarantees that hold when the faults are over and all work had time to end. */
  checkEnd?(): Promise<void> | void;
}
