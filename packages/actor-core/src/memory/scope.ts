import { InvalidArgumentError } from '../errors.ts';
import { requireToken } from '../transport/subjects.ts';
import { decodeToken, encodeToken } from './key-token.ts';

/** Kinds of scopes. All but `global` have an id. */
export type ScopeKind = 'global' | 'tenant' | 'session' | 'run' | 'agent';

/** A namespace of keys inside one tenant. */
export interface Scope {
  readonly kind: ScopeKind;
  /** Empty for `global`. */
  readonly id: string;
}

/** The tenant of everything that no key of a client assigns to another one. */
export const defaultTenant = 'default';

const kinds: ReadonlySet<string> = new Set<ScopeKind>(['global', 'tenant', 'session', 'run', 'agent']);
const maxIdBytes = 128;
const maxKeyBytes = 512;
/** Stands for the id of `global` in subjects. */
const noId = '_';
/** Separates the routes of a scope from its keys. */
const reservedKey = '-';

/**
 * Reads a scope: `global`, `tenant:ID`, `session:ID`, `run:ID` or `agent:ID`.
 *
 * @throws InvalidArgumentError naming `scope`
 */
export function parseScope(text: string): Scope {
  if (text === 'global') return { kind: 'global', id: '' };
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(0, colon));
  const id = text.slice(colon + 1);
  if (kind === 'global' || !kinds.has(kind) || id === '')
    throw new InvalidArgumentError(
      'scope',
      `must be global, tenant:ID, session:ID, run:ID or agent:ID (got ${JSON.stringify(text.slice(0, 200))})`,
    );
  requireText('scope', id, maxIdBytes);
  return { kind: kind as ScopeKind, id };
}

/** The text that `parseScope` reads. */
export function scopeText({ kind, id }: Scope): string {
  return kind === 'global' ? kind : `${kind}:${id}`;
}

/**
 * First three tokens of the bucket keys of a scope: tenant, kind and id. NATS permissions for a tenant or a namespace
 * are patterns on these tokens.
 *
 * @throws InvalidArgumentError for a tenant that is no token
 */
export function scopePrefix(tenant: string, { kind, id }: Scope): string {
  return `${requireToken('tenant', tenant)}.${kind}.${kind === 'global' ? noId : encodeToken(id)}`;
}

/** @throws InvalidArgumentError naming `key` for an empty or too long key, or one that is reserved */
export function requireKey(key: string): void {
  requireText('key', key, maxKeyBytes);
  if (key === reservedKey)
    throw new InvalidArgumentError('key', `must not be ${reservedKey}: it is reserved`);
}

/** What a key of the bucket addresses; undefined for a key that no scope has. */
export function addressOf(
  bucketKey: string,
): { readonly tenant: string; readonly scope: Scope; readonly key: string } | undefined {
  const [tenant = '', kind = '', id = '', key, ...rest] = bucketKey.split('.');
  if (key === undefined || rest.length > 0 || !kinds.has(kind)) return undefined;
  const isGlobal = kind === 'global';
  return {
    tenant,
    scope: { kind: kind as ScopeKind, id: isGlobal ? '' : decodeToken(id) },
    key: decodeToken(key),
  };
}

function requireText(field: string, text: string, maxBytes: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes === 0 || bytes > maxBytes)
    throw new InvalidArgumentError(field, `must have 1 to ${maxBytes} bytes (got ${bytes})`);
  if (!text.isWellFormed()) throw new InvalidArgumentError(field, 'must be well-formed Unicode');
}
