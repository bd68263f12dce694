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

const quotaTexts = {
  requestsPerMinute: 'requests/min',
  tokensPerMinute: 'tokens/min',
  concurrentRequests: 'at once',
  tokensPerDay: 'tokens/day',
  tokensPerMonth: 'tokens/month',
} as const satisfies Record<keyof NonNullable<KeyView['limits']>, string>;

function quotaText(limits: KeyView['limits'] = {}): string {
  const names = Object.keys(quotaTexts) as (keyof typeof quotaTexts)[];
  const parts = names.flatMap((name) =>
    limits[name] === undefined ? [] : [`${limits[name]} ${quotaTexts[name]}`],
  );
  return parts.length === 0 ? '-' : parts.join(', ');
}

/** What was asked, every rule and the answer. */
export function explanationLines({ allowed, key, method, route, steps }: Explanation): readonly string[] {
  const name = key.name === '' ? key.id : `${key.id} (${key.name})`;
  const who = key.id === '' ? 'this token' : `the key ${name} of the tenant ${key.tenant}`;
  const lines = alignColumns(steps.map(({ check, ok, reason }) => [ok ? 'yes' : 'no', check, reason]));
  return [
    `${allowed ? 'allowed' : 'refused'}: ${method} ${route} with ${who}`,
    ...lines.map((line) => `  ${line}`),
  ];
}
