import type { ActorSystem } from '../actor/actor-system.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import type { NodeStorage } from '../storage/node-storage.ts';
import type { Role } from '../transport/roles.ts';
import type { Subjects } from '../transport/subjects.ts';
import type { Transport } from '../transport/transport.ts';
import type { MemberMetadata } from './member-metadata.ts';
import type { Presence } from './presence.ts';
import type { ClusterView } from './view/cluster-view.ts';

/** This process as a node of the cluster: what leadership, registry and topics use of it. A `ClusterNode` is one. */
export interface LocalNode {
  /** Its name in the cluster. */
  readonly nodeId: string;
  /** Number of this run of the process under that name; larger than all earlier ones. */
  readonly incarnation: number;
  readonly roles: readonly Role[];
  /** What it states about itself to the other nodes. */
  readonly metadata: MemberMetadata;
  /** Subjects of its cell. */
  readonly subjects: Subjects;
  /** Its bus. */
  readonly transport: Transport;
  /** Durable storage on that bus: logs, buckets and queues. */
  readonly storage: NodeStorage;
  /** Its actors. */
  readonly system: ActorSystem;
  /** What it knows of the other nodes. */
  readonly presence: Presence;
  /** The members of the cluster by the word of the control leader. */
  readonly view: ClusterView;
  /** Its time. */
  readonly clock: Clock;
  /** Its randomness. */
  readonly random: Random;
  readonly log: Logger;
}
