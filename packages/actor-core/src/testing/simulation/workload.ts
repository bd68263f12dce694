import type { RuntimeEvent } from '../../actor/runtime-event.ts';
import type { TestNode } from '../test-node.ts';

/** One promise of the runtime under test: actors on every node, clients that use them, and what must hold. */
export interface Workload {
  /** A node has begun a life: start there what the clients will use. */
  startNode(node: TestNode): void;
  /** One operation of a client. False when there was nothing to do it with. */
  act(): boolean;
  onEvent?(node: TestNode, event: RuntimeEvent): void;
  /** What holds at every moment. */
  checkStep?(): void;
  /** What holds once the faults are over and everything had time to come to rest. */
  checkEnd?(): Promise<void> | void;
}
