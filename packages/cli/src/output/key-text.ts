import type { Explanation, KeyView } from '../gateway-client/key-api.ts';
import { alignColumns } from './columns.ts';

/** A table of keys. */
export function keyLines(keys: readonly KeyView[]): readonly string[] {
  const rows = keys.map(({ id, name, state, roles, tenant, models, routes, expiresAt, limits }) => [
    id,
    name === '' ? '-' : name,
    state,
    roles.join(','),
    tenant,
    limitsText(models, routes),
    quotaText(limits),
    expiresAt ?? 'never',
  ]);
  return alignColumns([['ID', 'NAME', 'STATE', 'ROLES', 'TENANT', 'ONLY FOR', 'LIMITS', 'EXPIRES'], ...rows]);
}

function limitsText(models: readonly string[], routes: readonly string[]): string {
  const limits = [...models, ...routes];
  return limits.length === 0 ? '-' : limits.join(' ');
}

function quotaText(limits: KeyView['limits'] = {}): string {
  const { requestsPerMinute, tokensPerMinute, concurrentRequests } = limits;
  const parts = [
    requestsPerMinute === undefined ? '' : `${requestsPerMinute} requests/min`,
    tokensPerMinute === undefined ? '' : `${tokensPerMinute} tokens/min`,
    concurrentRequests === undefined ? '' : `${concurrentRequests} at once`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? '-' : parts.join(', ');
}

/** What was asked, every rule and the answer. */
export function explanationLines({ allowed, key, method, route, steps }: Explanation): readonly string[] {
  const name = key.name === '' ? key.id : `${key.id} (${key.name})`;
  const lines = alignColumns(steps.map(({ check, ok, reason }) => [ok ? 'yes' : 'no', check, reason]));
  return [
    `${allowed ? 'allowed' : 'refused'}: ${method} ${route} with the key ${name} of the tenant ${key.tenant}`,
    ...lines.map((line) => `  ${line}`),
  ];
}
