import type { Mutant } from '../mutant.ts';

/** Bugs in the failure detector. */
export const membershipMutants: readonly Mutant[] = [
  {
    name: 'refutation-off',
    scenario: 'detection',
    bug: 'a member that is called suspect or unreachable does not raise its number, and is never believed again',
    file: 'membership/swim/claims.ts',
    find: '  self.refutation += 1;\n',
    replace: '',
  },
  {
    name: 'gossip-reachable-only',
    seed: 63,
    scenario: 'detection',
    bug: 'an unreachable member is never contacted again, so that partitions do not heal',
    file: 'membership/swim/anti-entropy.ts',
    find: '  const { config, random } = state;\n  const announcedPerProbe',
    replace:
      '  if (state.config.maxMembers > 0) return;\n  const { config, random } = state;\n  const announcedPerProbe',
  },
  {
    name: 'pulse-ignored',
    scenario: 'detection',
    bug: 'the answer of a pulse neither acknowledges a probe nor contradicts a suspicion',
    file: 'membership/swim/pulse-evidence.ts',
    find: '  if (!isConnected) return;\n',
    replace: '  if (!isConnected || lagMs >= 0) return;\n',
  },
  {
    name: 'older-incarnation-believed',
    seed: 62,
    scenario: 'detection',
    bug: 'a late message of an ended incarnation replaces what is known of the present one',
    file: 'membership/swim/claims.ts',
    find: '  if (claim.incarnation < known.incarnation) return false;\n',
    replace: '',
  },
];
