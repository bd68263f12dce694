import type { ClusterReport } from '../gateway-client/cluster-report.ts';

/** One line for each member of the cluster. */
export function membersTable({ members }: Pick<ClusterReport, 'members'>): string[][] {
  const rows = members.map(({ id, roles, state, version, zone, evidence, evidenceAgeMs, incarnation }) => [
    id,
    roles.join(','),
    state,
    evidenceAgeMs === undefined ? evidence : `${evidence} ${(evidenceAgeMs / 1000).toFixed(1)}s ago`,
    version ?? '-',
    zone ?? '-',
    String(incarnation),
  ]);
  return [['NODE', 'ROLES', 'STATE', 'HEARD', 'VERSION', 'ZONE', 'INCARNATION'], ...rows];
}
