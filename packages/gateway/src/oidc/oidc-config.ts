import { InvalidArgumentError } from '@drover/actor-core';
import { type Limits, readLimits } from '../quota/limit-spec.ts';
import { type KeyRole, roleNames } from '../keys/rights.ts';

/** Settings of tokens (JWT) that an OpenID provider, the *issuer*, signs. */
export interface OidcConfig {
  /** URL of the issuer, exactly as its tokens state it in `iss`; '' takes no tokens. @default '' */
  readonly oidcIssuer: string;
  /** Audiences (`aud`) that this fleet stands for; a token must have one of them. @default [] */
  readonly oidcAudience: readonly string[];
  /** URL of the keys of the issuer (JWKS); '' for the URL that the issuer publishes. @default '' */
  readonly oidcJwksUrl: string;
  /** Claim with the tenant; '' for the tenant `default`. @default '' */
  readonly oidcTenantClaim: string;
  /** Claim with the roles, a list or a text with spaces; '' gives every token the role `user`. @default '' */
  readonly oidcRolesClaim: string;
  /** Values of the claim with the roles, each as `VALUE=ROLE`; without any the values are the roles. @default [] */
  readonly oidcRoles: readonly string[];
  /** Claim with the models that the token may use, `*` for any text; '' for every model. @default '' */
  readonly oidcModelsClaim: string;
  /** What each subject may ask of models, as `requests:600,tokens:100000,concurrent:8`; '' for no limit. @default '' */
  readonly oidcLimits: string;
  /** Milliseconds by which the clocks of the issuer and of this machine may differ. @default 30_000 */
  readonly oidcClockSkewMs: number;
}

export const oidcDefaults: OidcConfig = Object.freeze({
  oidcIssuer: '',
  oidcAudience: Object.freeze([]) as readonly string[],
  oidcJwksUrl: '',
  oidcTenantClaim: '',
  oidcRolesClaim: '',
  oidcRoles: Object.freeze([]) as readonly string[],
  oidcModelsClaim: '',
  oidcLimits: '',
  oidcClockSkewMs: 30_000,
});

/** A token must not live long after its end. */
const maxClockSkewMs = 300_000;
const maxEntries = 64;

/** @throws InvalidArgumentError naming the field */
export function checkOidc(config: OidcConfig): void {
  const { oidcIssuer, oidcAudience, oidcJwksUrl, oidcClockSkewMs } = config;
  if (!Number.isSafeInteger(oidcClockSkewMs) || oidcClockSkewMs < 0 || oidcClockSkewMs > maxClockSkewMs)
    throw new InvalidArgumentError('oidcClockSkewMs', `must be 0 to 5m (got ${oidcClockSkewMs})`);
  if (oidcIssuer === '') return requireNoOther(config);
  const { search, hash } = checkUrl('oidcIssuer', oidcIssuer);
  if (search !== '' || hash !== '')
    throw new InvalidArgumentError('oidcIssuer', `must have no query and no fragment (got ${oidcIssuer})`);
  if (oidcJwksUrl !== '') checkUrl('oidcJwksUrl', oidcJwksUrl);
  if (oidcAudience.length === 0 || oidcAudience.length > maxEntries || oidcAudience.includes(''))
    throw new InvalidArgumentError(
      'oidcAudience',
      `goes with oidcIssuer, 1 to ${maxEntries} of them: without it a token for another service would be taken`,
    );
  if (config.oidcRoles.length > 0 && config.oidcRolesClaim === '')
    throw new InvalidArgumentError('oidcRoles', 'goes with oidcRolesClaim, the claim with these values');
  readRoleMap(config.oidcRoles);
  readOidcLimits(config);
}

/** Fields that mean nothing without an issuer. */
const fieldsWithIssuer = [
  'oidcAudience',
  'oidcJwksUrl',
  'oidcTenantClaim',
  'oidcRolesClaim',
  'oidcRoles',
  'oidcModelsClaim',
  'oidcLimits',
] as const;

/** @throws InvalidArgumentError */
function requireNoOther(config: OidcConfig): void {
  for (const field of fieldsWithIssuer)
    if (config[field].length > 0)
      throw new InvalidArgumentError(field, 'goes with oidcIssuer: without it no tokens are taken');
}

/**
 * A URL that nobody on the way can answer in place of the issuer: HTTPS, or this machine.
 *
 * @throws InvalidArgumentError
 */
export function checkUrl(field: string, text: string): URL {
  const url = URL.parse(text);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopbackNames.has(url.hostname));
  if (url !== null && isSafe && url.username === '' && url.password === '') return url;
  throw new InvalidArgumentError(field, `must be an https:// URL, or http:// on this machine (got ${text})`);
}

const loopbackNames: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The roles by the values of the claim. @throws InvalidArgumentError */
export function readRoleMap(entries: readonly string[]): ReadonlyMap<string, readonly KeyRole[]> {
  if (entries.length > maxEntries)
    throw new InvalidArgumentError('oidcRoles', `may be at most ${maxEntries} (got ${entries.length})`);
  if (entries.length === 0) return new Map(roleNames.map((role) => [role, [role]]));
  const roles = new Map<string, KeyRole[]>();
  for (const entry of entries) {
    const split = entry.lastIndexOf('=');
    const [value, name] = [entry.slice(0, Math.max(split, 0)), entry.slice(split + 1)];
    const role = roleNames.find((known) => known === name);
    if (value === '' || role === undefined)
      throw new InvalidArgumentError(
        'oidcRoles',
        `must be VALUE=ROLE with one of the roles ${roleNames.join(', ')} (got ${entry})`,
      );
    roles.set(value, [...(roles.get(value) ?? []), role]);
  }
  return roles;
}

/** @throws InvalidArgumentError */
export function readOidcLimits({ oidcLimits }: Pick<OidcConfig, 'oidcLimits'>): Limits | undefined {
  if (oidcLimits === '') return undefined;
  const limits = readLimits(oidcLimits);
  if (limits !== undefined) return limits;
  throw new InvalidArgumentError(
    'oidcLimits',
    `must be requests:N,tokens:N,concurrent:N with one or more of the three (got ${oidcLimits})`,
  );
}
