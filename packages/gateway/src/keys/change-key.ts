import { InvalidArgumentError } from '@drover/actor-core';
import { type Limits, limitNames, statedLimits } from '../quota/limit-spec.ts';
import { type AccessKey, digestOfSecret, newAccessKey } from './access-key.ts';
import {
  encodeKeyRecord,
  type KeyRecord,
  keyRecordSchema,
  maxNameLength,
  maxPatternLength,
  maxPatterns,
  maxRecordBytes,
} from './key-record.ts';
import { type KeyRole, roleNames } from './rights.ts';

/** What a new key may do, and for how long. */
export interface KeySpec extends Limits {
  /** @default '' */
  readonly name?: string | undefined;
  /** @default ['user'] */
  readonly roles?: readonly KeyRole[] | undefined;
  /** @default 'default' */
  readonly tenant?: string | undefined;
  /** @default every model */
  readonly models?: readonly string[] | undefined;
  /** @default every route of the roles */
  readonly routes?: readonly string[] | undefined;
  /** @default the key does not expire */
  readonly expiresInMs?: number | undefined;
}

/** A changed record with the key that its owner gets. The secret is nowhere else. */
export interface IssuedKey {
  readonly record: KeyRecord;
  readonly key: AccessKey;
}

/** A key that its client has made: the secret stays with the client, so that no lost answer can lose it. */
export interface ProposedKey {
  readonly id: string;
  /** As `digestOfSecret`. */
  readonly digest: string;
}

const tenantPattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;
/** A method and a path, or a path alone. A `*` stands for any text. */
const routePattern = /^(?:[A-Z]+ )?\/[^\s]*$/;

/** Makes a key. @throws InvalidArgumentError naming the field */
export function createKey(spec: KeySpec, nowMs: number): IssuedKey {
  const key = newAccessKey();
  return { record: recordOf(spec, { id: key.id, digest: digestOfSecret(key.secret) }, nowMs), key };
}

/** The record of a new key. @throws InvalidArgumentError naming the field */
export function recordOf(spec: KeySpec, { id, digest }: ProposedKey, nowMs: number): KeyRecord {
  const { name = '', roles = ['user'], tenant = 'default', models = [], routes = [], expiresInMs } = spec;
  if (name.length > maxNameLength || /[\n\r\t]/.test(name))
    throw new InvalidArgumentError('name', `must be one line of at most ${maxNameLength} characters`);
  if (roles.length === 0 || roles.some((role) => !roleNames.includes(role)))
    throw new InvalidArgumentError('role', `must be one of ${roleNames.join(', ')}`);
  if (!tenantPattern.test(tenant))
    throw new InvalidArgumentError(
      'tenant',
      `must be 1 to 64 of a-z 0-9 _ - (got ${JSON.stringify(tenant)})`,
    );
  requirePatterns('model', models, /^\S+$/, 'must be the name of a model, in which * stands for any text');
  requirePatterns(
    'route',
    routes,
    routePattern,
    'must be a path such as /v1/*, with or without a method before it',
  );
  if (expiresInMs !== undefined && !(Number.isSafeInteger(expiresInMs) && expiresInMs >= 1_000))
    throw new InvalidArgumentError('expires', 'must be at least 1s');
  const limits = statedLimits(spec);
  const record: KeyRecord = {
    v: 1,
    id,
    name,
    edition: 1,
    roles: roleNames.filter((role) => roles.includes(role)),
    tenant,
    models: [...models],
    routes: [...routes],
    secrets: [{ digest }],
    createdAtMs: nowMs,
    ...(expiresInMs === undefined ? {} : { expiresAtMs: nowMs + expiresInMs }),
    ...(limits === undefined ? {} : { limits }),
  };
  if (encodeKeyRecord(record).byteLength > maxRecordBytes)
    throw new InvalidArgumentError('models', `and routes must fit into ${maxRecordBytes} bytes together`);
  return keyRecordSchema.parse(record);
}

/**
 * Gives a key a new secret. The secret before stays valid for `graceMs`, so that its users can change over; older ones
 * end at once.
 */
export function rotateKey(record: KeyRecord, graceMs: number, nowMs: number): IssuedKey {
  const key = newAccessKey(record.id);
  return { record: withSecret(record, digestOfSecret(key.secret), graceMs, nowMs), key };
}

/** The record with a new secret, as `rotateKey`. */
export function withSecret(record: KeyRecord, digest: string, graceMs: number, nowMs: number): KeyRecord {
  const [before] = record.secrets;
  const secrets = [
    { digest },
    ...(before !== undefined && graceMs > 0
      ? [{ digest: before.digest, validUntilMs: nowMs + graceMs }]
      : []),
  ];
  return { ...record, edition: record.edition + 1, rotatedAtMs: nowMs, secrets };
}

/** Changes of the limits of a key; null removes one. */
export type LimitChanges = { readonly [Name in keyof Limits]?: number | null | undefined };

/** Changes the limits that are named; the others stay. @throws InvalidArgumentError naming the limit */
export function limitKey(record: KeyRecord, changes: LimitChanges): KeyRecord {
  const { limits: before = {}, ...others } = record;
  const merged = Object.fromEntries(
    limitNames.map((name) => {
      const change = changes[name];
      return [name, change === null ? undefined : (change ?? before[name])];
    }),
  );
  const limits = statedLimits(merged);
  return { ...others, edition: record.edition + 1, ...(limits !== undefined && { limits }) };
}

/** The key is refused from now on. Its digests are removed. */
export function revokeKey(record: KeyRecord, nowMs: number): KeyRecord {
  return { ...record, edition: record.edition + 1, revokedAtMs: nowMs, secrets: [] };
}

function requirePatterns(field: string, given: readonly string[], pattern: RegExp, what: string): void {
  if (given.length > maxPatterns) throw new InvalidArgumentError(field, `may be given ${maxPatterns} times`);
  for (const text of given)
    if (!pattern.test(text) || text.length > maxPatternLength)
      throw new InvalidArgumentError(field, `${what} (got ${JSON.stringify(text.slice(0, 100))})`);
}
