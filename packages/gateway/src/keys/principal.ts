import type { KeyRecord } from './key-record.ts';
import type { Limits } from '../quota/limit-spec.ts';
import type { KeyRole } from './rights.ts';

/** Who sent a request, and what they may do. */
export interface Principal {
  /** Id of the key, or `oidc:SUB` for a token of the issuer; empty where nothing was asked for. */
  readonly keyId: string;
  readonly tenant: string;
  readonly roles: readonly KeyRole[];
  /** As in `KeyRecord`. */
  readonly models: readonly string[];
  readonly routes: readonly string[];
  /** What it may ask of models. Absent: as much as it likes. */
  readonly limits?: Limits | undefined;
}

/** Everyone, where no key exists: they may do everything, in the tenant `default`. */
export const anyone: Principal = Object.freeze({
  keyId: '',
  tenant: 'default',
  roles: ['admin'] as const,
  models: [],
  routes: [],
});

export function principalOf({ id, tenant, roles, models, routes, limits }: KeyRecord): Principal {
  return { keyId: id, tenant, roles, models, routes, limits };
}
