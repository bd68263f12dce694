import type { Permissions } from '../transport/permissions.ts';
import { requireToken } from '../transport/subjects.ts';
import type { TenantClass } from '../transport/tenants.ts';
import { streamOf } from './queue-streams.ts';

/**
 * What NATS lets a client do that has the credential of one tenant: put messages into the tenant's own queues, and hear
 * their announcements. Taking goes through a gateway: the subject of a pull does not show whose queue it is.
 *
 * @throws InvalidArgumentError for a tenant that is no token
 */
export function tenantQueuePermissions(cell: string, tenantClass: TenantClass, tenant: string): Permissions {
  const { prefix, feed } = streamOf(cell, tenantClass);
  const own = `${prefix}.${requireToken('tenant', tenant)}.>`;
  return { publish: [own], subscribe: [`${feed}.${own}`, `_I.tenant-${tenant}.>`] };
}
