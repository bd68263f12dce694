import { z } from 'zod';
import { type Limits, limitNames, maxLimit } from '../quota/limit-spec.ts';
import { type KeyRole, roleNames } from './rights.ts';

/** One key as it is stored. It holds digests of secrets and no secret. Fields may be added, never removed. */
export interface KeyRecord {
  readonly v: 1;
  readonly id: string;
  /** For people; need not be unique. */
  readonly name: string;
  /** 1 at first, +1 with each change. Of two copies of a record the one with the higher edition is newer. */
  readonly edition: number;
  readonly roles: readonly KeyRole[];
  /** Tenant of everything that is done with the key. */
  readonly tenant: string;
  /** Names of models that the key may use, `*` for any text; empty: every model. */
  readonly models: readonly string[];
  /** Routes that the key may use, such as `/v1/*` or `GET /api/v1/memory/*`; empty: every route of its roles. */
  readonly routes: readonly string[];
  /** The newest secret first. After a rotation the one before stays valid for a while. */
  readonly secrets: readonly KeySecret[];
  readonly createdAtMs: number;
  /** When the key got its newest secret by a rotation. Absent: never, or by a gateway that did not record it. */
  readonly rotatedAtMs?: number | undefined;
  /** Instant from which the key is refused. Absent: never. */
  readonly expiresAtMs?: number | undefined;
  readonly revokedAtMs?: number | undefined;
  /** What the key may ask of models. Absent: as much as it likes. */
  readonly limits?: Limits | undefined;
}

/** A secret of a key. */
export interface KeySecret {
  /** As `digestOfSecret`. */
  readonly digest: string;
  /** Instant from which it is refused. Absent: as long as the key. */
  readonly validUntilMs?: number | undefined;
}

export const maxPatterns = 64;
export const maxPatternLength = 200;
export const maxNameLength = 100;
/** Largest record in the store: all patterns at their longest do not fit, which `create` refuses. */
export const maxRecordBytes = 8_192;

const patterns = z.array(z.string().min(1).max(maxPatternLength)).max(maxPatterns);
const instant = z.number().int().min(0);
const limit = z.int().min(1).max(maxLimit).optional();
const limits: z.ZodType<Limits> = z.object(Object.fromEntries(limitNames.map((name) => [name, limit])));

export const keyRecordSchema: z.ZodType<KeyRecord> = z.object({
  v: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{16}$/),
  name: z.string().max(maxNameLength),
  edition: z.number().int().min(1),
  roles: z.array(z.enum(roleNames)).min(1).max(roleNames.length),
  tenant: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/),
  models: patterns,
  routes: patterns,
  secrets: z
    .array(z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/), validUntilMs: instant.optional() }))
    .max(2),
  createdAtMs: instant,
  rotatedAtMs: instant.optional(),
  expiresAtMs: instant.optional(),
  revokedAtMs: instant.optional(),
  limits: limits.optional(),
});

/** Undefined for bytes that are no record, such as those of a later version. */
export function decodeKeyRecord(bytes: Uint8Array): KeyRecord | undefined {
  try {
    return keyRecordSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}

export function encodeKeyRecord(record: KeyRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}

/** `active` · `expired` · `revoked`: refused for ever. */
export type KeyState = 'active' | 'expired' | 'revoked';

export function keyStateOf({ revokedAtMs, expiresAtMs }: KeyRecord, nowMs: number): KeyState {
  if (revokedAtMs !== undefined) return 'revoked';
  return expiresAtMs !== undefined && expiresAtMs <= nowMs ? 'expired' : 'active';
}

/**
 * Whether `one` replaces `other` where both are copies of one key. A revocation is final: a copy of a higher edition
 * that was changed elsewhere at the same time does not undo it.
 */
export function isNewer(one: KeyRecord, other: KeyRecord | undefined): boolean {
  if (other === undefined) return true;
  const [isRevoked, wasRevoked] = [one.revokedAtMs !== undefined, other.revokedAtMs !== undefined];
  return isRevoked === wasRevoked ? one.edition > other.edition : isRevoked;
}
