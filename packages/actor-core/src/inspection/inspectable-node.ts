import type { LocalNode } from '../membership/local-node.ts';
import type { InspectionAnswer, InspectionQuestion } from './inspection.ts';

/** A node that answers questions about its own actors. A `ClusterNode` is one. */
export interface InspectableNode extends LocalNode {
  /** The actors of this node, in an answer of bounded size. `inspectCluster` asks all nodes. */
  inspect(question: InspectionQuestion): Promise<InspectionAnswer>;
}
