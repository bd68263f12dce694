import type { FaultKind } from './fault-rates.ts';
import type { NodeExecution } from './node-execution.ts';
import { createTestNode, type TestHub, type TestNode, type TestNodeOptions } from './test-node.ts';

/** A node of a simulation. Its crash is the crash of its process: no code of the node runs after it. */
export interface SimulatedNode extends TestNode {
  /** Stops all code of the node for `ms`, as a long garbage collection does; what arrives meanwhile waits. */
  pause(ms: number): void;
  /** Blocks the main loop of the node for `ms`; its pulse answers. */
  stall(ms: number): void;
}

/** What a simulated node needs of its simulation. */
export interface NodeSurroundings {
  readonly hub: TestHub;
  /** Time and turns of this node's process. */
  readonly execution: NodeExecution;
  /** Starts the second thread of the process. */
  readonly pulse: NonNullable<TestHub['pulse']>;
  /** Counts a fault that has struck. */
  readonly strike: (kind: FaultKind) => void;
  /** Adds a line to the trace. */
  readonly note: (line: string) => void;
  /** The node has crashed. */
  readonly onCrash: (node: SimulatedNode) => void;
}

/** Starts a node that can crash and pause. `Simulation.startNode` uses it and numbers the incarnations. */
export function startSimulatedNode(
  { hub, execution, pulse, strike, note, onCrash }: NodeSurroundings,
  options: TestNodeOptions,
): SimulatedNode {
  const node = createTestNode({ ...hub, clock: execution, scheduler: execution, pulse }, options);
  const { nodeId } = node;
  const simulated: SimulatedNode = {
    ...node,
    crash() {
      onCrash(simulated);
      strike('crash');
      note(`crash ${nodeId}`);
      execution.halt();
      node.crash();
    },
    pause(ms) {
      strike('pause');
      note(`pause ${nodeId}`);
      execution.pause(ms);
    },
    stall(ms) {
      strike('stall');
      note(`stall ${nodeId}`);
      execution.stall(ms);
    },
  };
  return simulated;
}
