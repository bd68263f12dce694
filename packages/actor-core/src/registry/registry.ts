import type { ActorRef } from '../actor/actor-ref.ts';

/**
 * Unique names and groups across nodes (OTP's `pg` and `global`, Pekko's Receptionist). Lookups are answered from this
 * node's own copy, at once; it is kept up to date by the others' changes, and repaired within 2 s where one was lost.
 * An actor leaves with its end or its node's.
 */
export interface Registry {
  /**
   * Claims a name for an actor of this node. Two nodes that do so at the same time, or while cut off from each other,
   * both succeed; once they hear of each other the earlier claim stays, the other is withdrawn, and both nodes say so
   * (`onConflict`).
   *
   * @throws NameTakenError when an actor holds it, as far as this node knows
   * @throws RegistryFullError
   * @throws InvalidArgumentError unless `ref` is an actor of this node and the name has 1 to 128 characters
   */
  register(name: string, ref: ActorRef<never>): void;
  /** Gives a name back. Nothing happens when `ref` does not hold it. */
  unregister(name: string, ref: ActorRef<never>): void;
  /** Who holds the name, as far as this node knows. */
  find<M>(name: string): ActorRef<M> | undefined;
  /**
   * Adds an actor of this node to a group; once, however often it is said.
   *
   * @throws RegistryFullError
   * @throws InvalidArgumentError as `register`
   */
  join(group: string, ref: ActorRef<never>): void;
  /** Takes an actor of this node out of a group. Nothing happens when it is not in it. */
  leave(group: string, ref: ActorRef<never>): void;
  /** In an order that is the same on every node that knows the same. */
  members<M>(group: string): readonly ActorRef<M>[];
  /** Tells the holder now and at each change. Returns the unsubscriber. */
  watchName<M>(name: string, listener: (holder: ActorRef<M> | undefined) => void): () => void;
  /** Tells the members now and at each change. Returns the unsubscriber. */
  watchGroup<M>(group: string, listener: (members: readonly ActorRef<M>[]) => void): () => void;
  /** Two actors claimed one name. Told on the nodes of both, and there a `name-conflict` event. Returns the unsubscriber. */
  onConflict(listener: (conflict: NameConflict) => void): () => void;
}

/** Two actors claimed one name: who keeps it, and who lost it. */
export interface NameConflict {
  readonly name: string;
  readonly kept: ActorRef<never>;
  /** Lives on, without the name. What is to become of it is for the listener to say. */
  readonly lost: ActorRef<never>;
}
