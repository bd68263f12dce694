import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { localSystemOf } from '../system/local-system.ts';
import { InvalidArgumentError, NameTakenError, RegistryFullError } from '../errors.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { followFates, type NodeFate } from '../membership/view/node-fate.ts';
import type { z } from 'zod';
import { type EntryKind, registrySchema, type RegistryMessage, slotOf } from './registry-entry.ts';
import { type RegistryEffect, RegistryTable } from './registry-table.ts';
import type { NameConflict, Registry } from './registry.ts';

/** Path of the registry actor on every node. */
const registryPath = 'registry';
/** Interval at which each node sends its version, so that others notice a lost change. */
const digestMs = 2_000;
const maxKeyLength = 128;
/** Limit of one node's entries, which travel in one message. */
const maxRecordBytes = 512 * 1024;
const entryBytes = 64;

/** Messages of the registry actor. Other nodes may send only the messages of their registries. */
type Message =
  | RegistryMessage
  | readonly [kind: 'tick']
  | readonly [kind: 'track', ref: ActorRef<never>]
  | readonly [kind: 'fate', fate: NodeFate];

/**
 * Starts the registry of this node, as the actor `registry`. Once per node, and not on an observer, which other nodes
 * cannot reach.
 *
 * @throws InvalidArgumentError when it is already running
 */
export function startRegistry(node: LocalNode): Registry {
  return new ClusterRegistry(node);
}

class ClusterRegistry implements Registry {
  readonly #node: LocalNode;
  readonly #table: RegistryTable;
  readonly #self: ActorRef<Message>;
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #conflictListeners = new Set<(conflict: NameConflict) => void>();

  constructor(node: LocalNode) {
    this.#node = node;
    this.#table = new RegistryTable(node.nodeId, node.incarnation);
    const create = () =>
      setup<Message>((context) => {
        // After a restart of this actor; the registered actors are still alive.
        for (const [, , ref] of this.#table.ownEntries) context.watch(ref);
        context.setInterval('digest', digestMs, ['tick']);
        const unlisten = followFates(node, (fate) => context.self.tell(['fate', fate]));
        context.signal.addEventListener('abort', unlisten, { once: true });
        return receive(
          (message) => {
            if (message[0] === 'track') context.watch(message[1]);
            else this.#take(message);
          },
          (signal) => {
            if (signal.type === 'terminated') this.#perform(this.#table.removeActor(signal.ref));
          },
        );
      });
    const protocol = registrySchema as z.ZodType<Message>;
    this.#self = node.system.spawn(props<Message>(create, { protocol, restart: 'permanent' }), registryPath);
    this.#sendDigest();
  }

  register(name: string, ref: ActorRef<never>): void {
    const holder = this.find(name);
    if (holder === undefined) return this.#add('name', name, ref);
    const { node, path, uid } = holder.address;
    if (node !== ref.address.node || uid !== ref.address.uid)
      throw new NameTakenError(name, `${path} on ${node}`);
  }

  unregister(name: string, ref: ActorRef<never>): void {
    this.#perform(
      this.#table.remove('name', name, localSystemOf(this.#node.system).node.actors.exactRef(ref)),
    );
  }

  find<M>(name: string): ActorRef<M> | undefined {
    return this.#table.holder(name) as ActorRef<M> | undefined;
  }

  join(group: string, ref: ActorRef<never>): void {
    this.#add('group', group, ref);
  }

  leave(group: string, ref: ActorRef<never>): void {
    this.#perform(
      this.#table.remove('group', group, localSystemOf(this.#node.system).node.actors.exactRef(ref)),
    );
  }

  members<M>(group: string): readonly ActorRef<M>[] {
    return this.#table.members(group) as readonly ActorRef<M>[];
  }

  watchName<M>(name: string, listener: (holder: ActorRef<M> | undefined) => void): () => void {
    return this.#listen(slotOf('name', name), () => listener(this.find(name)));
  }

  watchGroup<M>(group: string, listener: (members: readonly ActorRef<M>[]) => void): () => void {
    return this.#listen(slotOf('group', group), () => listener(this.members(group)));
  }

  onConflict(listener: (conflict: NameConflict) => void): () => void {
    this.#conflictListeners.add(listener);
    return () => this.#conflictListeners.delete(listener);
  }

  #add(kind: EntryKind, key: string, ref: ActorRef<never>): void {
    const { address } = ref;
    if (key.length === 0 || key.length > maxKeyLength)
      throw new InvalidArgumentError(kind, `must have 1 to ${maxKeyLength} characters`);
    if (address.node !== this.#node.nodeId || address.uid === 0)
      throw new InvalidArgumentError('ref', 'must be the ref of an actor of this node, as spawn returns it');
    const bytes = this.#table.ownEntries.reduce((sum, [, one, { address: of }]) => {
      return sum + entryBytes + 3 * (one.length + of.path.length);
    }, 0);
    if (bytes + entryBytes + 3 * (key.length + address.path.length) > maxRecordBytes)
      throw new RegistryFullError(this.#node.nodeId);
    this.#perform(this.#table.add(kind, key, ref));
    this.#self.tell(['track', ref], { lane: 'control' });
  }

  #listen(slot: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(slot) ?? new Set();
    this.#listeners.set(slot, listeners.add(listener));
    listener();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(slot) === listeners) this.#listeners.delete(slot);
    };
  }

  #take(message: Exclude<Message, readonly ['track', ...unknown[]]>): void {
    if (message[0] === 'tick') {
      this.#table.tick();
      return this.#sendDigest();
    }
    if (message[0] === 'fate') return this.#obey(message[1]);
    const { node, nodeIncarnation } = message[1].address;
    const member = this.#node.presence.member(node);
    // Messages of a node that is not alive are ignored, however late they arrive. A message that came too early is made
    // up for by the next digest.
    if (member?.state !== 'alive' || member.incarnation !== nodeIncarnation) return;
    if (message[0] === 'pull') {
      const { version, ownEntries } = this.#table;
      message[1].tell(['full', this.#self, version, ownEntries]);
    } else if (message[0] === 'digest') this.#perform(this.#table.digest(node, nodeIncarnation, message[2]));
    else if (message[0] === 'delta')
      this.#perform(this.#table.delta(node, nodeIncarnation, message[2], message[3]));
    else this.#perform(this.#table.full(node, nodeIncarnation, message[2], message[3]));
  }

  /** The entries of an unreachable node stay until the node has ended. */
  #obey({ node, incarnation, fate }: NodeFate): void {
    if (fate === 'runs' || fate === 'revived') this.#send(node, this.#digest());
    else this.#perform(this.#table.forget(node, incarnation));
  }

  #perform(effects: readonly RegistryEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'broadcast')
        this.#broadcast(['delta', this.#sender, effect.version, effect.changes]);
      else if (effect.type === 'pull') this.#send(effect.node, ['pull', this.#sender]);
      else if (effect.type === 'conflict') this.#conflict(effect);
      else for (const listener of this.#listeners.get(effect.slot) ?? []) this.#call(listener);
    }
  }

  #conflict({ name, kept, lost }: NameConflict): void {
    localSystemOf(this.#node.system).node.events.emit({
      type: 'name-conflict',
      name,
      kept: kept.address,
      lost: lost.address,
    });
    this.#node.log.warn(
      { name, kept: placeOf(kept), lost: placeOf(lost) },
      'two actors claimed one name: the later claim was withdrawn',
    );
    for (const listener of this.#conflictListeners) this.#call(() => listener({ name, kept, lost }));
  }

  /** A listener that throws affects no other listener. */
  #call(listener: () => void): void {
    try {
      listener();
    } catch (err) {
      this.#node.log.error({ err }, 'a listener of the registry failed');
    }
  }

  get #sender(): ActorRef<RegistryMessage> {
    return this.#self;
  }

  #digest(): RegistryMessage {
    return ['digest', this.#sender, this.#table.version];
  }

  #sendDigest(): void {
    this.#broadcast(this.#digest());
  }

  #broadcast(message: RegistryMessage): void {
    for (const { node, state, roles } of this.#node.presence.members()) {
      const isReachable = roles.some((role) => role !== 'observer');
      if (node !== this.#node.nodeId && state === 'alive' && isReachable) this.#send(node, message);
    }
  }

  #send(node: string, message: RegistryMessage): void {
    this.#node.system.refFor<RegistryMessage>(node, registryPath).tell(message);
  }
}

function placeOf({ address }: ActorRef<never>): string {
  return `${address.node}/${address.path}`;
}
