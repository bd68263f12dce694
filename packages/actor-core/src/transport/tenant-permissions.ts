import type { Permissions } from './permissions.ts';
import { memoryBucket, memoryFeed, requireToken } from './subjects.ts';
import type { TenantClass } from './tenants.ts';

/**
 * What NATS lets a client do that has the credential of one tenant: write the tenant's own memory and hear its
 * changes. A gateway reads for the tenant. `STREAM.MSG.GET` is not allowed, because its subject does not show which key
 * it reads; consumers are not, because they deliver to any subject that their creator names.
 *
 * @throws InvalidArgumentError for a tenant that is no token
 */
export function tenantMemoryPermissions(cell: string, tenantClass: TenantClass, tenant: string): Permissions {
  const own = `$KV.${memoryBucket(cell, tenantClass)}.${requireToken('tenant', tenant)}.>`;
  return {
    publish: [own],
    subscribe: [`${memoryFeed(cell, tenantClass)}.${own}`, `_I.tenant-${tenant}.>`],
  };
}
