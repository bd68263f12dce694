import type { ActorSystem } from '../actor/actor-system.ts';
import type { Clock } from '../clock.ts';
import type { InspectionAnswer, InspectionQuestion } from '../inspection/inspection.ts';
import type { Logger } from '../logger.ts';
import type { Presence } from '../membership/presence.ts';
import type { Random } from '../random.ts';
import type { Store } from '../storage/store.ts';
import type { Role, Subjects } from '../transport/subjects.ts';
import type { Transport } from '../transport/transport.ts';

/** One process in the cluster: its actors, its bus, and what it sees of the others. Made by `joinCluster`. */
export interface ClusterNode {
  readonly nodeId: string;
  readonly incarnation: number;
  readonly roles: readonly Role[];
  readonly subjects: Subjects;
  readonly transport: Transport;
  readonly store: Store;
  readonly system: ActorSystem;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** What runs on this node, in an answer of bounded size. `inspectCluster` asks all nodes. */
  inspect(question: InspectionQuestion): Promise<InspectionAnswer>;
  /** Says goodbye to the others, stops the actors, closes the bus. */
  leave(): Promise<void>;
}
