import { expect, it } from 'vitest';
import { resolveConfig } from '../config.ts';
import type { OidcConfig } from './oidc-config.ts';
import { claimsReader } from './token-claims.ts';

const given = { oidcIssuer: 'https://id.example', oidcAudience: ['drover'] };
const reader = (settings: Partial<OidcConfig>) => claimsReader(resolveConfig({ ...given, ...settings }));

it.each([
  ['alice', 'oidc:alice'],
  ['auth0|5f7c8', 'oidc:auth0|5f7c8'],
  ['x'.repeat(59), `oidc:${'x'.repeat(59)}`],
])('counts the subject %j as %s', (sub, keyId) => {
  expect(reader({})({ sub }).keyId).toBe(keyId);
});

it('counts a subject that is long, or has other characters, by its digest', () => {
  const ids = ['x'.repeat(60), 'Ä', 'two words', 'sha256.abc', ''].map((sub) => {
    try {
      return reader({})({ sub }).keyId;
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
  expect(new Set(ids).size).toBe(5);
  expect(ids.pop()).toBe('token-claim-invalid');
  for (const id of ids) expect(id).toMatch(/^oidc:sha256\.[\w-]{43}$/);
});

it('takes the tenant, the roles and the models from the claims that are named', () => {
  const read = reader({
    oidcTenantClaim: 'https://claims.example/tenant',
    oidcRolesClaim: 'realm_access.roles',
    oidcRoles: ['gpu-users=user', 'ops=operator', 'ops=viewer', 'a=b=user'],
    oidcModelsClaim: 'models',
    oidcLimits: 'requests:60,concurrent:2',
  });
  expect(
    read({
      sub: 'a',
      'https://claims.example/tenant': 'acme',
      realm_access: { roles: ['ops', 'gpu-users', 'admin', 7] },
      models: 'llama3.2 qwen*',
    }),
  ).toEqual({
    keyId: 'oidc:a',
    tenant: 'acme',
    roles: ['viewer', 'user', 'operator'],
    models: ['llama3.2', 'qwen*'],
    routes: [],
    limits: { requestsPerMinute: 60, concurrentRequests: 2 },
  });
  expect(
    read({ sub: 'a', 'https://claims.example/tenant': 'acme', realm_access: 'ops', models: ['m'] }).roles,
  ).toEqual([]);
});

it('takes the values of the claim as roles where no values are stated', () => {
  const read = reader({ oidcRolesClaim: 'roles' });
  expect(read({ sub: 'a', roles: 'viewer user root' }).roles).toEqual(['viewer', 'user']);
  expect(read({ sub: 'a' }).roles).toEqual([]);
});

it.each([undefined, '', 'Acme', 'a/b', 7, ['acme'], 'x'.repeat(65)])(
  'refuses the tenant %j, because two spellings must not become one tenant',
  (tenant) => {
    expect(() => reader({ oidcTenantClaim: 'tenant' })({ sub: 'a', tenant })).toThrow(
      expect.objectContaining({ status: 403, code: 'token-claim-invalid' }),
    );
  },
);

it.each([undefined, [], '', [7], ['a b'], Array.from({ length: 65 }, () => 'm')])(
  'refuses the models %j, because an empty list means every model',
  (models) => {
    expect(() => reader({ oidcModelsClaim: 'models' })({ sub: 'a', models })).toThrow('its claim models');
  },
);

it.each<[Partial<OidcConfig>, string]>([
  [{ oidcAudience: ['drover'] }, 'oidcAudience'],
  [{ oidcRolesClaim: 'roles' }, 'oidcRolesClaim'],
  [{ oidcIssuer: 'https://id.example' }, 'oidcAudience'],
  [{ ...given, oidcIssuer: 'http://id.example' }, 'oidcIssuer'],
  [{ ...given, oidcIssuer: 'id.example' }, 'oidcIssuer'],
  [{ ...given, oidcIssuer: 'https://a:b@id.example' }, 'oidcIssuer'],
  [{ ...given, oidcIssuer: 'https://id.example/?a' }, 'oidcIssuer'],
  [{ ...given, oidcJwksUrl: 'ftp://id.example' }, 'oidcJwksUrl'],
  [{ ...given, oidcRoles: ['a=user'] }, 'oidcRoles'],
  [{ ...given, oidcRolesClaim: 'r', oidcRoles: ['a=root'] }, 'oidcRoles'],
  [{ ...given, oidcRolesClaim: 'r', oidcRoles: ['user'] }, 'oidcRoles'],
  [{ ...given, oidcLimits: 'requests:0' }, 'oidcLimits'],
  [{ ...given, oidcClockSkewMs: 300_001 }, 'oidcClockSkewMs'],
])('refuses the settings %j and names %s', (settings, argument) => {
  expect(() => resolveConfig(settings)).toThrow(expect.objectContaining({ argument }));
});
