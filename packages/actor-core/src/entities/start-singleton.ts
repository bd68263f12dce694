import type { LocalNode } from '../membership/local-node.ts';
import { defineEntity, type EntityDefinition } from './entity-definition.ts';
import type { EntityRef } from './entity-ref.ts';
import { startEntities, type StartEntitiesOptions } from './start-entities.ts';

/** An actor of which the cluster runs one. */
export type SingletonDefinition<M> = Omit<
  EntityDefinition<M>,
  'type' | 'passivateAfterMs' | 'maxResident' | 'remember' | 'keep' | 'rebalance'
> & {
  /** Its name, the same on all nodes: 1 to 54 characters of a-z, 0-9, `_` and `-`. */
  readonly name: string;
};

const singletonKey = 'singleton';

/**
 * Starts a singleton on a node: an entity that is always active on one member. Every member that may hold it calls
 * this. It stays where it is until its node drains, leaves or is lost, and then another member takes it over. At no
 * time can two of them write. The returned ref reaches it wherever it is.
 *
 * @throws InvalidArgumentError naming the invalid option
 */
export function startSingleton<M>(
  node: LocalNode,
  { name, ...definition }: SingletonDefinition<M>,
  config?: StartEntitiesOptions['config'],
): EntityRef<M> {
  const kind = defineEntity<M>({
    ...definition,
    type: `singleton-${name}`,
    keep: [singletonKey],
    passivateAfterMs: 0,
    rebalance: false,
  });
  const types = [kind];
  return startEntities(node, config === undefined ? { types } : { types, config }).ref(kind, singletonKey);
}
