import { createSubjects, type Permissions, permissionsOf, type Role } from '@drover/actor-core/cluster';
import { agentsGroup } from '@drover/agents';

/**
 * What NATS lets a process of `drover` do. A host process runs agents, so it may lead their group; it also votes for
 * the leader of the cluster and may lead it, so it has the permissions of a voter as well.
 */
export function permissionsOfProcess(cell: string, nodeId: string, roles: readonly Role[]): Permissions {
  const allowed = roles.flatMap((role): readonly Role[] => (role === 'host' ? ['host', 'voter'] : [role]));
  return permissionsOf(createSubjects(cell), nodeId, allowed, { groups: [agentsGroup] });
}
