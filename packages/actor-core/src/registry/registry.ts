import type { ActorRef } from '../actor/actor-ref.ts';

/**
 * Unique names and groups across nodes (OTP's `pg` and `global`, Pekko's Receptionist). A lookup is answered at once
 * from this node's own copy. Changes of the other nodes keep the copy up to date, and a lost change is repaired within
 * 2 s. An actor is removed when it ends or its node is lost.
 */
export interface Registry {
  /**
   * Claims a name for an actor of this node. Two nodes that claim it at the same time, or while disconnected from each
   * other, both succeed; once they learn of each other the earlier claim stays, the later one is withdrawn, and both
   * nodes report the conflict (`onConflict`).
   *
   * @throws NameTakenError when an actor holds the name, as far as this node knows
   * @throws RegistryFullError
   * @throws InvalidArgumentError unless `ref` is an actor of this node and the name has 1 to 128 characters
   */
  register(name: string, ref: ActorRef<never>): void;
  /** Gives a name back. Does nothing when `ref` does not hold it. */
  unregister(name: string, ref: ActorRef<never>): void;
  /** The holder of the name, as far as this node knows. */
  find<M>(name: string): ActorRef<M> | undefined;
  /**
   * Adds an actor of this node to a group. Repeated calls add it once.
   *
   * @throws RegistryFullError
   * @throws InvalidArgumentError as `register`
   */
  join(group: string, ref: ActorRef<never>): void;
  /** Removes an actor of this node from a group. Does nothing when the actor is no member. */
  leave(group: string, ref: ActorRef<never>): void;
  /** Members of the group, in an order that is the same on all nodes with the same knowledge. */
  members<M>(group: string): readonly ActorRef<M>[];
  /** Calls `listener` with the holder now and at each change. Returns the unsubscriber. */
  watchName<M>(name: string, listener: (holder: ActorRef<M> | undefined) => void): () => void;
  /** Calls `listener` with the members now and at each change. Returns the unsubscriber. */
  watchGroup<M>(group: string, listener: (members: readonly ActorRef<M>[]) => void): () => void;
  /**
   * Calls `listener` when two actors claimed one name, on the nodes of both; there is also a `name-conflict` event.
   * Returns the unsubscriber.
   */
  onConflict(listener: (conflict: NameConflict) => void): () => void;
}

/** Two actors claimed one name: the one that keeps it, and the one that lost it. */
export interface NameConflict {
  readonly name: string;
  readonly kept: ActorRef<never>;
  /** Lives on without the name; the listener decides what happens to it. */
  readonly lost: ActorRef<never>;
}
