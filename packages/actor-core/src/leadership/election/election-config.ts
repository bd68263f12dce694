import { InvalidArgumentError } from '../../errors.ts';
import { optionNames, requireKnownOptions } from '../../known-options.ts';

/** Times of an election. Source: etcd-io/raft (an election takes several heartbeats), actor-runtimes.md 2.5. */
export interface ElectionConfig {
  /** Time between two heartbeats of the leader. */
  readonly heartbeatMs: number;
  /** Shortest silence of the leader after which a voter campaigns. Each voter draws its own, up to the longest. */
  readonly electionMinMs: number;
  readonly electionMaxMs: number;
  /**
   * Longest random wait before a candidate competes for a leadership that is known to be vacant, because its leader
   * resigned or its process was replaced. Spreads the candidates out (thundering herd).
   */
  readonly vacancyJitterMs: number;
  /** A voter whose event loop lags more than this does not campaign, and a leader steps down. */
  readonly maxLagMs: number;
}

export const electionDefaults: ElectionConfig = Object.freeze({
  heartbeatMs: 200,
  electionMinMs: 1_200,
  electionMaxMs: 2_400,
  vacancyJitterMs: 150,
  maxLagMs: 600,
});

const configNames = optionNames<ElectionConfig>({
  heartbeatMs: true,
  electionMinMs: true,
  electionMaxMs: true,
  vacancyJitterMs: true,
  maxLagMs: true,
});

/** @throws InvalidArgumentError naming the setting that contradicts another */
export function resolveElectionConfig(changes: Partial<ElectionConfig> = {}): ElectionConfig {
  requireKnownOptions('election', changes, configNames);
  const config = { ...electionDefaults, ...changes };
  if (!(config.heartbeatMs > 0)) throw new InvalidArgumentError('heartbeatMs', 'must be above 0');
  if (!(config.electionMinMs >= 3 * config.heartbeatMs))
    throw new InvalidArgumentError('electionMinMs', 'must be at least three times heartbeatMs');
  if (!(config.electionMaxMs > config.electionMinMs))
    throw new InvalidArgumentError('electionMaxMs', 'must be above electionMinMs');
  if (!(config.vacancyJitterMs >= 0 && config.vacancyJitterMs <= config.electionMinMs))
    throw new InvalidArgumentError('vacancyJitterMs', 'must be 0 to electionMinMs');
  if (!(config.maxLagMs > 0 && config.maxLagMs < config.electionMinMs))
    throw new InvalidArgumentError('maxLagMs', 'must be above 0 and below electionMinMs');
  return Object.freeze(config);
}
