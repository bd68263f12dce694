import type { Simulation } from './simulation.ts';
import { createTestNode, type TestNode, type TestNodeOptions } from './test-node.ts';

/** A node of a simulation. Its crash is one of the process: nothing of it ever runs again. */
export interface SimulatedNode extends TestNode {
  /** Nothing of it runs for `ms`, as in a long garbage collection; what arrives meanwhile waits. */
  pause(ms: number): void;
}

/** Made by `Simulation.startNode`, which numbers its lives. */
export function startSimulatedNode(simulation: Simulation, options: TestNodeOptions): SimulatedNode {
  const execution = simulation.execution();
  const node = createTestNode({ ...simulation.hub, clock: execution, scheduler: execution }, options);
  const { nodeId } = node;
  const simulated: SimulatedNode = {
    ...node,
    crash() {
      if (simulation.nodes.get(nodeId) === simulated) simulation.nodes.delete(nodeId);
      simulation.strike('crash');
      simulation.note(`crash ${nodeId}`);
      execution.halt();
      node.crash();
    },
    pause(ms) {
      simulation.strike('pause');
      simulation.note(`pause ${nodeId}`);
      execution.pause(ms);
    },
  };
  return simulated;
}
