import type { ActorRef } from '../actor/actor-ref.ts';
import { EntityUnavailableError, InvalidArgumentError, RequestTimeoutError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { type EntitiesConfig, resolveEntitiesConfig } from './entities-config.ts';
import type { Intent } from './decide-entity.ts';
import type { EntityKind } from './entity-definition.ts';
import type { EntityRef } from './entity-ref.ts';
import type { PlacementMember } from './placement-view.ts';
import { requireEntityId } from './entity-id.ts';
import { EntityRuntime } from './entity-runtime.ts';

/** The types to start on a node, and how the node holds entities. */
export interface StartEntitiesOptions {
  /** Every node that holds or uses entities of a type starts the type, with the same definition. */
  readonly types: readonly EntityKind<never>[];
  /** Taken from the first call on a node. */
  readonly config?: Partial<EntitiesConfig>;
}

/** The entities of the cluster, as a node uses and holds them. */
export interface Entities {
  /**
   * A ref to the entity with that key, wherever it is and whether it is active or not.
   *
   * @throws InvalidArgumentError for a type that is not started on this node, and for an invalid key
   */
  ref<M>(kind: EntityKind<M>, key: string): EntityRef<M>;
  /**
   * Stops the entity, if it is active, and deletes its records. Its next message begins it anew.
   *
   * @throws EntityUnavailableError when that was not confirmed in time
   */
  remove(
    definition: EntityKind<never>,
    key: string,
    options?: { readonly timeoutMs?: number },
  ): Promise<void>;
  /** Keys of the entities of a type that are active on this node. */
  active(kind: EntityKind<never>): readonly string[];
  /**
   * The members of the cluster as the placement sees them. An owner that is not among them, or only in a newer
   * incarnation, has lost its entities.
   */
  members(): readonly PlacementMember[];
  /** Calls `listener` after each change of `members`. Returns the unsubscriber. */
  onMembersChange(listener: () => void): () => void;
  /**
   * Moves all entities of this node to other members, with the messages that wait for them, and takes none any more.
   * Resolves once none is left here that another member may hold.
   */
  drain(): Promise<void>;
  /** Stops the entities of this node at once, without moving them, and the actors that hold them. */
  stop(): Promise<void>;
}

const startOptions = optionNames<StartEntitiesOptions>({ types: true, config: true });
const runtimes = new WeakMap<LocalNode, EntityRuntime>();
const removeTimeoutMs = 10_000;

/**
 * Starts types of entities on a node. A node whose roles exclude it from holding a type only sends to its entities. May
 * be called again on the same node with further types.
 *
 * @throws InvalidArgumentError naming the invalid option, or a type that is started already
 */
export function startEntities(node: LocalNode, options: StartEntitiesOptions): Entities {
  requireKnownOptions('options', options, startOptions);
  const runtime = runtimeOf(node, options.config ?? {});
  for (const kind of options.types) runtime.start(kind);
  return entitiesOf(node, runtime);
}

function runtimeOf(node: LocalNode, config: Partial<EntitiesConfig>): EntityRuntime {
  const known = runtimes.get(node);
  if (known !== undefined) return known;
  const runtime = new EntityRuntime(node, resolveEntitiesConfig(config));
  runtimes.set(node, runtime);
  return runtime;
}

function entitiesOf(node: LocalNode, runtime: EntityRuntime): Entities {
  return {
    ref: ({ type }, key) => runtime.refOf({ type, key }),
    async remove({ type }, key, { timeoutMs = removeTimeoutMs } = {}) {
      const id = requireEntityId({ type, key });
      const started = runtime.types.get(type);
      if (started === undefined)
        throw new InvalidArgumentError('type', `${type} is not started on this node`);
      const remover: ActorRef<ActorRef<Intent>> = {
        address: runtime.refOf(id).address,
        tell: (replyTo) => runtime.host.intend(started, id, 'remove', 0, replyTo),
      };
      try {
        await node.system.ask<ActorRef<Intent>, Intent>(remover, (replyTo) => replyTo, { timeoutMs });
      } catch (error) {
        if (!(error instanceof RequestTimeoutError)) throw error;
        throw new EntityUnavailableError(id, 'its removal was not confirmed in time', { cause: error });
      }
    },
    active: ({ type }) =>
      [...runtime.host.slots.values()]
        .filter(({ id, state }) => id.type === type && state.phase === 'active')
        .map(({ id }) => id.key),
    members: () => runtime.views.current().members,
    onMembersChange: (listener) => runtime.views.onChange(listener),
    drain: () => runtime.drain(),
    async stop() {
      runtimes.delete(node);
      await runtime.stop();
    },
  };
}
