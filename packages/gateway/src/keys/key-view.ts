import { type KeyRecord, type KeyState, keyStateOf } from './key-record.ts';
import type { Limits } from '../quota/limit-spec.ts';
import type { KeyRole } from './rights.ts';

/** A key as it is shown: without its digests. */
export interface KeyView {
  readonly id: string;
  readonly name: string;
  readonly state: KeyState;
  readonly roles: readonly KeyRole[];
  readonly tenant: string;
  readonly models: readonly string[];
  readonly routes: readonly string[];
  readonly limits?: Limits;
  readonly createdAt: string;
  readonly rotatedAt?: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
  /** While the secret before the last rotation still works. */
  readonly oldSecretUntil?: string;
}

export function keyView(record: KeyRecord, nowMs: number): KeyView {
  const { id, name, roles, tenant, models, routes, secrets, limits } = record;
  const { createdAtMs, rotatedAtMs, expiresAtMs, revokedAtMs } = record;
  const graceEndsMs = secrets[1]?.validUntilMs;
  return {
    id,
    name,
    state: keyStateOf(record, nowMs),
    roles,
    tenant,
    models,
    routes,
    ...(limits !== undefined && { limits }),
    createdAt: isoOf(createdAtMs),
    ...(rotatedAtMs !== undefined && { rotatedAt: isoOf(rotatedAtMs) }),
    ...(expiresAtMs !== undefined && { expiresAt: isoOf(expiresAtMs) }),
    ...(revokedAtMs !== undefined && { revokedAt: isoOf(revokedAtMs) }),
    ...(graceEndsMs !== undefined && graceEndsMs > nowMs && { oldSecretUntil: isoOf(graceEndsMs) }),
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
