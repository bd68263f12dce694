import type { ActorAddress } from '../actor/actor-ref.ts';
import type { Recipient } from '../actor/local-actor.ts';
import type { ActorDirectory } from '../actor/node-ports.ts';
import type { EndpointNumbers, NodeServices, PublishedEndpoint } from '../actor/node-services.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';

/** The actors and adapters of this node, as messages of other nodes reach them. */
export interface ReachableActors extends ActorDirectory {
  findRecipient(path: string, uid: number): Recipient | undefined;
  /** Why nothing is at an address of this node. */
  endReason(address: ActorAddress): TerminationReason;
  /** The recorded failure of the actor that was at an address of this node. */
  endCause(address: ActorAddress): FailureCause | undefined;
}

/** The endpoints of this node, as messages of other nodes reach them. */
export interface ReachableEndpoints extends EndpointNumbers {
  find(number: number): PublishedEndpoint | undefined;
  all(): Iterable<PublishedEndpoint>;
}

/** What remoting needs of its node. */
export interface LocalPorts extends NodeServices {
  readonly actors: ReachableActors;
  readonly endpoints: ReachableEndpoints;
}
