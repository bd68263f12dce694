import { InvalidArgumentError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import { defaultEntityShards } from '../transport/stream-plan.ts';

/** How a node holds entities. */
export interface EntitiesConfig {
  /**
   * Streams over which the entities of the cluster are spread, 1 to 256. The first node of a cluster decides; later
   * ones use the recorded number.
   *
   * @default 4
   */
  readonly shards: number;
  /** Servers that keep a copy of each new stream: 1, 3 or 5. @default 1 */
  readonly replicas: number;
  /** Time without a change of the view before entities are moved to other members. @default 10_000 */
  readonly stableMs: number;
  /** Interval at which misplaced entities are moved. @default 10_000 */
  readonly rebalanceMs: number;
  /** Part of its entities that a node moves in one round, above 0 and at most 1. @default 0.1 */
  readonly rebalanceShare: number;
  /**
   * Interval at which remembered entities without an owner are looked for; also after each change of the members.
   *
   * @default 60_000
   */
  readonly rememberMs: number;
}

const defaults: EntitiesConfig = {
  shards: defaultEntityShards,
  replicas: 1,
  stableMs: 10_000,
  rebalanceMs: 10_000,
  rebalanceShare: 0.1,
  rememberMs: 60_000,
};

const configOptions = optionNames<EntitiesConfig>({
  shards: true,
  replicas: true,
  stableMs: true,
  rebalanceMs: true,
  rebalanceShare: true,
  rememberMs: true,
});

/** Fills in the defaults. @throws InvalidArgumentError naming the field that is invalid */
export function resolveEntitiesConfig(partial: Partial<EntitiesConfig>): EntitiesConfig {
  requireKnownOptions('config', partial, configOptions);
  const stated = Object.entries(partial).filter(([, value]) => value !== undefined);
  const config: EntitiesConfig = { ...defaults, ...Object.fromEntries(stated) };
  for (const [name, value] of Object.entries(config))
    if (!(Number.isFinite(value) && value > 0)) throw new InvalidArgumentError(name, 'must be above 0');
  if (config.rebalanceShare > 1) throw new InvalidArgumentError('rebalanceShare', 'must be at most 1');
  return Object.freeze(config);
}
