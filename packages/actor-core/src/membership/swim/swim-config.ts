import { InvalidArgumentError } from '../../errors.ts';

/**
 * Times and sizes of the failure detector.
 *
 * The defaults and the formulas are those of hashicorp/memberlist (`config.go`, `suspicion.go`), which implements SWIM
 * (Das et al. 2002) with Lifeguard (arXiv 1707.00788).
 */
export interface SwimConfig {
  /** Time between two probes of one node. Multiplied by `health + 1` while this node is unwell. */
  readonly probeIntervalMs: number;
  /** How long a direct probe waits for its acknowledgement; below `probeIntervalMs`. */
  readonly probeTimeoutMs: number;
  /** Members that are asked to probe a member that did not acknowledge. */
  readonly indirectProbes: number;
  /** Shortest suspicion in probe intervals; grows with the logarithm of the cluster. */
  readonly suspicionMultiplier: number;
  /** Longest suspicion as a multiple of the shortest; confirmations by other members shorten it. */
  readonly suspicionMaxFactor: number;
  /** Members that receive each gossip message. */
  readonly gossipFanout: number;
  readonly gossipIntervalMs: number;
  /** Times one rumour is sent: this, multiplied by the logarithm of the cluster. */
  readonly retransmitMultiplier: number;
  /** Rumours in one message. */
  readonly maxRumoursPerMessage: number;
  /** How long an unreachable member is still contacted at every probe; after that at every fifth one. */
  readonly contactUnreachableMs: number;
  /** Time between two comparisons of the whole member list with one other member (anti-entropy). */
  readonly syncIntervalMs: number;
  /** Highest local health score; 0 is healthy. */
  readonly maxHealth: number;
  /**
   * Time between two knocks at the next member of the ring. Two answers of NATS in a row that nobody subscribes there
   * make that member unreachable at once.
   */
  readonly knockIntervalMs: number;
  /** After this node reconnected, refusals count as lost probes only: the others reconnect too. */
  readonly reconnectGraceMs: number;
  /** A wake-up this much later than planned means that this process stood still. */
  readonly ownStallMs: number;
  /** A member whose event loop lags this much is stalled: alive, but not working. */
  readonly stalledLagMs: number;
  /** Most members that are tracked; further ones are ignored. */
  readonly maxMembers: number;
}

/** Machines of one site. */
export const lanProfile: SwimConfig = Object.freeze({
  probeIntervalMs: 1_000,
  probeTimeoutMs: 500,
  indirectProbes: 3,
  suspicionMultiplier: 4,
  suspicionMaxFactor: 6,
  gossipFanout: 3,
  gossipIntervalMs: 200,
  retransmitMultiplier: 4,
  maxRumoursPerMessage: 16,
  contactUnreachableMs: 30_000,
  syncIntervalMs: 30_000,
  maxHealth: 8,
  knockIntervalMs: 250,
  reconnectGraceMs: 3_000,
  ownStallMs: 500,
  stalledLagMs: 1_000,
  maxMembers: 4_096,
});

/** Sites that are far apart. */
export const wanProfile: SwimConfig = Object.freeze({
  ...lanProfile,
  probeIntervalMs: 5_000,
  probeTimeoutMs: 3_000,
  suspicionMultiplier: 6,
  gossipFanout: 4,
  gossipIntervalMs: 500,
  contactUnreachableMs: 60_000,
  syncIntervalMs: 60_000,
});

/** Processes of one machine. */
export const localProfile: SwimConfig = Object.freeze({
  ...lanProfile,
  probeTimeoutMs: 200,
  indirectProbes: 1,
  suspicionMultiplier: 3,
  gossipIntervalMs: 100,
  retransmitMultiplier: 2,
  contactUnreachableMs: 15_000,
  syncIntervalMs: 15_000,
});

/** Faster detection than `lanProfile`, for two to three times the messages. */
export const tunedProfile: SwimConfig = Object.freeze({
  ...lanProfile,
  probeIntervalMs: 400,
  probeTimeoutMs: 200,
  suspicionMultiplier: 3,
  gossipIntervalMs: 100,
});

/**
 * - `lan`: machines of one site
 * - `wan`: sites that are far apart
 * - `local`: processes of one machine
 * - `tuned`: machines of one site, with detection in less than half the time, for two to three times the messages
 */
export type MembershipProfile = 'lan' | 'wan' | 'local' | 'tuned';

const profiles: Readonly<Record<MembershipProfile, SwimConfig>> = {
  lan: lanProfile,
  wan: wanProfile,
  local: localProfile,
  tuned: tunedProfile,
};

/** Names of the profiles. */
export const membershipProfiles: readonly MembershipProfile[] = Object.freeze(
  Object.keys(profiles) as MembershipProfile[],
);

/** The values of a profile. @throws InvalidArgumentError for a name that is none */
export function profileOf(name: MembershipProfile): SwimConfig {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile === undefined)
    throw new InvalidArgumentError('membership', `must be one of ${membershipProfiles.join(', ')}`);
  return profile;
}

/** Times one rumour is sent in a cluster of `members`. */
export function retransmitLimit(config: SwimConfig, members: number): number {
  return config.retransmitMultiplier * Math.ceil(Math.log10(members + 1));
}

/** Shortest and longest suspicion in a cluster of `members`, and the confirmations that make it the shortest. */
export function suspicionBounds(
  config: SwimConfig,
  members: number,
): { readonly minMs: number; readonly maxMs: number; readonly wanted: number } {
  const minMs =
    config.suspicionMultiplier * Math.max(1, Math.log10(Math.max(1, members))) * config.probeIntervalMs;
  const wanted = config.suspicionMultiplier - 2;
  // In a tiny cluster there are not enough others to confirm anything.
  if (members - 2 < wanted) return { minMs, maxMs: minMs, wanted: 0 };
  return { minMs, maxMs: config.suspicionMaxFactor * minMs, wanted };
}

/** How long a suspicion lasts after so many independent confirmations. */
export function suspicionMs(
  { minMs, maxMs, wanted }: ReturnType<typeof suspicionBounds>,
  confirmations: number,
): number {
  if (wanted < 1) return minMs;
  const share = Math.log(confirmations + 1) / Math.log(wanted + 1);
  return Math.max(minMs, Math.floor(maxMs - share * (maxMs - minMs)));
}

/** Anti-entropy of large clusters is rarer: one more interval for every doubling above 32 members. */
export function syncIntervalMs(config: SwimConfig, members: number): number {
  const doublings = members > 32 ? Math.ceil(Math.log2(members) - 5) : 0;
  return config.syncIntervalMs * (1 + doublings);
}
