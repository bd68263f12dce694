import { createHash } from 'node:crypto';
import { RequestFailure } from '../errors.ts';
import { maxPatternLength, maxPatterns } from '../keys/key-record.ts';
import type { Principal } from '../keys/principal.ts';
import { type KeyRole, roleNames } from '../keys/rights.ts';
import type { Limits } from '../quota/limit-spec.ts';
import { type OidcConfig, readOidcLimits, readRoleMap } from './oidc-config.ts';

/** Claims of a token whose signature, times, issuer and audience were checked. */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** Makes the principal of a token from its claims. */
export type ReadClaims = (claims: TokenClaims) => Principal;

/** How an operator wants claims to be read. @throws InvalidArgumentError for settings that do not fit */
export function claimsReader(config: OidcConfig): ReadClaims {
  const { oidcTenantClaim, oidcRolesClaim, oidcModelsClaim } = config;
  const roleMap = readRoleMap(config.oidcRoles);
  const limits: Limits | undefined = readOidcLimits(config);
  return (claims) => ({
    keyId: principalIdOf(claims['sub']),
    tenant: oidcTenantClaim === '' ? 'default' : tenantIn(claims, oidcTenantClaim),
    roles: oidcRolesClaim === '' ? ['user'] : rolesIn(claims, oidcRolesClaim, roleMap),
    models: oidcModelsClaim === '' ? [] : modelsIn(claims, oidcModelsClaim),
    routes: [],
    ...(limits !== undefined && { limits }),
  });
}

const tenantPattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const idPrefix = 'oidc:';
/** A signed principal, the usage ledger and quotas hold ids of 64 characters at most. */
const plainSubject = /^(?!sha256\.)[\x21-\x7e]{1,59}$/;

/**
 * The id under which a subject is counted and recorded: `oidc:SUB`, or `oidc:sha256.DIGEST` where the subject is longer
 * or has other characters. No id of a key begins like that.
 */
function principalIdOf(subject: unknown): string {
  if (typeof subject !== 'string' || subject === '') throw unusable('sub', 'is missing');
  if (plainSubject.test(subject)) return idPrefix + subject;
  return `${idPrefix}sha256.${createHash('sha256').update(subject).digest('base64url')}`;
}

/** Tenants are not made to fit: two spellings must not become one tenant. */
function tenantIn(claims: TokenClaims, name: string): string {
  const tenant = claimNamed(claims, name);
  if (typeof tenant === 'string' && tenantPattern.test(tenant)) return tenant;
  throw unusable(name, 'must be the tenant: 1 to 64 of a-z 0-9 _ -');
}

function rolesIn(
  claims: TokenClaims,
  name: string,
  map: ReadonlyMap<string, readonly KeyRole[]>,
): readonly KeyRole[] {
  const given = new Set(textsIn(claims, name).flatMap((value) => map.get(value) ?? []));
  return roleNames.filter((role) => given.has(role));
}

/** An empty list means every model in a principal, so a token must name some. */
function modelsIn(claims: TokenClaims, name: string): readonly string[] {
  const models = textsIn(claims, name);
  if (models.length > 0 && models.length <= maxPatterns && models.every(isPattern)) return models;
  throw unusable(name, `must name 1 to ${maxPatterns} models`);
}

function isPattern(model: string): boolean {
  return model.length <= maxPatternLength && /^\S+$/.test(model);
}

/** The texts of a list, or the words of a text; none where the claim is absent. */
function textsIn(claims: TokenClaims, name: string): readonly string[] {
  const value = claimNamed(claims, name);
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '');
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** A claim with that name, else the one that a path such as `realm_access.roles` leads to. */
function claimNamed(claims: TokenClaims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as TokenClaims)[part];
  }
  return value;
}

function unusable(claim: string, what: string): RequestFailure {
  return new RequestFailure(403, 'token-claim-invalid', `the token is valid, but its claim ${claim} ${what}`);
}
