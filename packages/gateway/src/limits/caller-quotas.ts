import type { Limits, TenantLimits } from '../quota/limit-spec.ts';
import type { QuotaRule } from '../quota/quota-rule.ts';

/** What a quota counts. */
export type Counted = 'requests' | 'tokens' | 'concurrent';

/** One quota of a caller. */
export interface CallerQuota extends QuotaRule {
  readonly counts: Counted;
  /** Whose quota it is. */
  readonly of: 'key' | 'tenant';
}

const kinds: readonly (readonly [Counted, keyof Limits, QuotaRule['kind']])[] = [
  ['concurrent', 'concurrentRequests', 'slots'],
  ['requests', 'requestsPerMinute', 'rate'],
  ['tokens', 'tokensPerMinute', 'rate'],
];

/** The quotas that a request counts against: those of its key, then those of its tenant. */
export function quotasOf(
  caller: { readonly keyId: string; readonly tenant: string; readonly limits?: Limits | undefined },
  tenants: readonly TenantLimits[],
): readonly CallerQuota[] {
  const { keyId, tenant, limits } = caller;
  const found =
    tenants.find(({ tenant: name }) => name === tenant) ?? tenants.find(({ tenant: name }) => name === '*');
  return [...quotasBy('key', keyId, limits), ...quotasBy('tenant', tenant, found?.limits)];
}

function quotasBy(of: CallerQuota['of'], id: string, limits: Limits = {}): CallerQuota[] {
  return kinds.flatMap(([counts, field, kind]) => {
    const limit = limits[field];
    return limit === undefined ? [] : [{ of, counts, kind, limit, name: `${of}:${id}:${counts}` }];
  });
}
