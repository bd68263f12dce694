import type { ActorRef } from '../actor/actor-ref.ts';
import { Adapter } from '../cell/adapter.ts';
import { LocalRef } from '../cell/local-ref.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { LeaderInfo, Leadership } from '../leadership/leadership.ts';
import type { MemberEvidence, Presence } from '../membership/presence.ts';
import type { Published, PubSub, Topic } from '../pubsub/pub-sub.ts';
import type { NameConflict, Registry } from '../registry/registry.ts';

/*
 * Delivers changes of the cluster to an actor as ordinary messages, bounded by its mailbox. A subscription ends when
 * the returned function is called, or with the actor. An actor with a protocol of its own subscribes an adapter:
 * `tellLeaderChanges(leadership, context.adapt((change) => ({ type: 'leader', change })))`, which ends with its
 * incarnation; the next one subscribes again in its `setup`.
 */

/** The actor that now holds a registry name. */
export interface NameChange<M> {
  readonly type: 'name-changed';
  readonly name: string;
  readonly holder: ActorRef<M> | undefined;
}

/** The current members of a registry group. */
export interface GroupChange<M> {
  readonly type: 'group-changed';
  readonly group: string;
  readonly members: readonly ActorRef<M>[];
}

/** Two actors claimed one name: the actor that keeps it, and the actor that lost it. */
export interface NameConflictFound extends NameConflict {
  readonly type: 'name-conflict';
}

/** A message of a topic. */
export interface TopicMessage<M> extends Published {
  readonly type: 'published';
  readonly message: M;
}

/** The current leader of a group; undefined when this node knows of none. */
export interface LeaderChange {
  readonly type: 'leader-changed';
  readonly group: string;
  readonly leader: LeaderInfo | undefined;
}

/** A node appeared, changed its state or came back in another incarnation. */
export interface MemberChange {
  readonly type: 'member-changed';
  readonly member: MemberEvidence;
}

/**
 * Tells an actor of this node the holder of a name, now and at each change.
 *
 * @throws InvalidArgumentError unless `to` is an actor of this node or an adapter of one
 */
export function tellNameChanges<M>(
  registry: Registry,
  name: string,
  to: ActorRef<NameChange<M>>,
): () => void {
  return untilEnd(to, () =>
    registry.watchName<M>(name, (holder) => to.tell({ type: 'name-changed', name, holder })),
  );
}

/**
 * Tells an actor of this node the members of a group, now and at each change. @throws InvalidArgumentError as
 * `tellNameChanges`
 */
export function tellGroupChanges<M>(
  registry: Registry,
  group: string,
  to: ActorRef<GroupChange<M>>,
): () => void {
  return untilEnd(to, () =>
    registry.watchGroup<M>(group, (members) => to.tell({ type: 'group-changed', group, members })),
  );
}

/**
 * Tells an actor of this node about each name that two actors claimed. @throws InvalidArgumentError as
 * `tellNameChanges`
 */
export function tellNameConflicts(registry: Registry, to: ActorRef<NameConflictFound>): () => void {
  return untilEnd(to, () =>
    registry.onConflict((conflict) => to.tell({ type: 'name-conflict', ...conflict })),
  );
}

/** Tells an actor of this node each message of the topic. @throws InvalidArgumentError as `tellNameChanges` */
export function tellTopic<M>(pubSub: PubSub, topic: Topic<M>, to: ActorRef<TopicMessage<M>>): () => void {
  return untilEnd(to, () =>
    pubSub.subscribe(topic, (message, published) => to.tell({ type: 'published', message, ...published })),
  );
}

/**
 * Tells an actor of this node the leader of a group, now and at each change. @throws InvalidArgumentError as
 * `tellNameChanges`
 */
export function tellLeaderChanges(leadership: Leadership, to: ActorRef<LeaderChange>): () => void {
  const { group } = leadership;
  return untilEnd(to, () => {
    let told = leadership.current();
    to.tell({ type: 'leader-changed', group, leader: told });
    return leadership.onChange((leader) => {
      // Changes that concern only the tenure of this node are not told.
      if (leader?.fence === told?.fence) return;
      told = leader;
      to.tell({ type: 'leader-changed', group, leader });
    });
  });
}

/**
 * Tells an actor of this node the state of each node, now and at each change. @throws InvalidArgumentError as
 * `tellNameChanges`
 */
export function tellMemberChanges(presence: Presence, to: ActorRef<MemberChange>): () => void {
  return untilEnd(to, () => {
    for (const member of presence.members()) to.tell({ type: 'member-changed', member });
    return presence.onChange((member) => to.tell({ type: 'member-changed', member }));
  });
}

/** Subscribes until the returned function is called or the actor has ended. */
function untilEnd(to: ActorRef<never>, subscribe: () => () => void): () => void {
  const target = to instanceof LocalRef ? to.actor : to instanceof Adapter ? to : undefined;
  if (target === undefined)
    throw new InvalidArgumentError(
      'to',
      'must be the ref of an actor of this node, as spawn returns it, or an adapter of one',
    );
  if (target.ended) return () => undefined;
  const unsubscribe = subscribe();
  const watcher = { terminated: () => unsubscribe() };
  target.addWatcher(watcher);
  return () => {
    target.removeWatcher(watcher);
    unsubscribe();
  };
}
