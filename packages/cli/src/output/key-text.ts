import type { Explanation, KeyView } from '../gateway-client/key-api.ts';
import { alignColumns } from './columns.ts';

/** A table of keys. */
export function keyLines(keys: readonly KeyView[]): readonly string[] {
  const rows = keys.map(({ id, name, state, roles, tenant, models, routes, expiresAt }) => [
    id,
    name === '' ? '-' : name,
    state,
    roles.join(','),
    tenant,
    limitsText(models, routes),
    expiresAt ?? 'never',
  ]);
  return alignColumns([['ID', 'NAME', 'STATE', 'ROLES', 'TENANT', 'ONLY FOR', 'EXPIRES'], ...rows]);
}

function limitsText(models: readonly string[], routes: readonly string[]): string {
  const limits = [...models, ...routes];
  return limits.length === 0 ? '-' : limits.join(' ');
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
