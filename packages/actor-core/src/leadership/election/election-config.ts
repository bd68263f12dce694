import { InvalidArgumentError } from '../../errors.ts';

/** Times of an election. Source: etcd-io/raft (election at least ten heartbeats), actor-runtimes.md 2.5. */
export interface ElectionConfig {
  /** Time between two heartbeats of the leader. */
  readonly heartbeatMs: number;
  /** Shortest silence of the leader after which a voter campaigns. Each voter draws its own, up to the longest. */
  readonly electionMinMs: number;
  readonly electionMaxMs: number;
  /** A voter whose event loop lags more than this does not campaign, and a leader steps down. */
  readonly maxLagMs: number;
}

export const electionDefaults: ElectionConfig = Object.freeze({
  heartbeatMs: 250,
  electionMinMs: 1_500,
  electionMaxMs: 3_000,
  maxLagMs: 750,
});

/** @throws InvalidArgumentError naming the setting that contradicts another */
export function resolveElectionConfig(changes: Partial<ElectionConfig> = {}): ElectionConfig {
  const config = { ...electionDefaults, ...changes };
  if (!(config.heartbeatMs > 0)) throw new InvalidArgumentError('heartbeatMs', 'must be above 0');
  if (!(config.electionMinMs >= 3 * config.heartbeatMs))
    throw new InvalidArgumentError('electionMinMs', 'must be at least three times heartbeatMs');
  if (!(config.electionMaxMs > config.electionMinMs))
    throw new InvalidArgumentError('electionMaxMs', 'must be above electionMinMs');
  if (!(config.maxLagMs > 0 && config.maxLagMs < config.electionMinMs))
    throw new InvalidArgumentError('maxLagMs', 'must be above 0 and below electionMinMs');
  return Object.freeze(config);
}
