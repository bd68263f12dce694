import type { ActorSystem } from '../actor/actor-system.ts';
import type { Clock } from '../clock.ts';
import type { InspectionAnswer, InspectionQuestion } from '../inspection/inspection.ts';
import type { Logger } from '../logger.ts';
import type { Presence } from '../membership/presence.ts';
import type { Random } from '../random.ts';
import type { Store } from '../storage/store.ts';
import type { Role } from '../transport/roles.ts';
import type { Subjects } from '../transport/subjects.ts';
import type { Transport } from '../transport/transport.ts';

/** One process in the cluster: its actors, its bus, and what it sees of the others. Made by `joinCluster`. */
export interface ClusterNode {
  /** Its name in the cluster. */
  readonly nodeId: string;
  /** Which life of that name. */
  readonly incarnation: number;
  /** What it is there for. */
  readonly roles: readonly Role[];
  /** Subjects of its cell. */
  readonly subjects: Subjects;
  /** Its bus. */
  readonly transport: Transport;
  /** Durable records on that bus. */
  readonly store: Store;
  /** Its actors. */
  readonly system: ActorSystem;
  /** What it sees of the other nodes. */
  readonly presence: Presence;
  /** Its time. */
  readonly clock: Clock;
  /** Its randomness. */
  readonly random: Random;
  /** Where it says what happens. */
  readonly log: Logger;
  /** What runs on this node, in an answer of bounded size. `inspectCluster` asks all nodes. */
  inspect(question: InspectionQuestion): Promise<InspectionAnswer>;
  /** Says goodbye to the others, stops the actors, closes the bus. */
  leave(): Promise<void>;
}
