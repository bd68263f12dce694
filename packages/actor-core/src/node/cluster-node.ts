import type { InspectableNode } from '../inspection/inspectable-node.ts';

/** One process in the cluster: its actors, its bus, and what it knows of the others. Made by `joinCluster`. */
export interface ClusterNode extends InspectableNode {
  /** Announces that the node leaves, stops the actors, and closes the bus. */
  leave(): Promise<void>;
}
