import { keyFilter, keyOf } from '../storage/key-value/bucket-spec.ts';
import type { Log } from '../storage/log/log.ts';
import { InvalidArgumentError } from '../errors.ts';
import { decodeToken, encodeToken } from './key-token.ts';
import type { ListOptions, MemoryItem, MemoryPage } from './memory.ts';
import type { MemoryBucket } from './memory-bucket.ts';
import { bytesOf, revisionOf } from './stored-value.ts';

const defaultLimit = 100;
const maxLimit = 1_000;
/** Keys that are read at once. */
const readsAtOnce = 64;

/**
 * One page of the keys of a scope, in the order of their text. The leader lists the names; the values of the page are
 * read from the leader too, because a removed key leaves a marker under its name.
 *
 * @param prefix tenant, kind and id, as `scopePrefix` builds it
 */
export async function listKeys(
  log: Log,
  bucket: MemoryBucket,
  prefix: string,
  { prefix: keyPrefix = '', cursor, limit = defaultLimit }: ListOptions,
): Promise<MemoryPage> {
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= maxLimit))
    throw new InvalidArgumentError('limit', `must be a whole number from 1 to ${maxLimit}`);
  await bucket.ready();
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const subjects = await log.listSubjects(bucket.logName, keyFilter(bucket.name, `${prefix}.*`));
  const keys = subjects
    .map((subject) => decodeToken(keyOf(bucket.name, subject).slice(prefix.length + 1)))
    .filter((key) => key.startsWith(keyPrefix) && (after === undefined || key > after))
    .toSorted();
  const items: MemoryItem[] = [];
  let at = 0;
  while (at < keys.length && items.length < limit) {
    const some = keys.slice(at, at + Math.min(readsAtOnce, limit - items.length));
    at += some.length;
    items.push(...(await readItems(bucket, prefix, some)));
  }
  const last = keys[at - 1];
  return { items, cursor: at < keys.length && last !== undefined ? encodeCursor(last) : undefined };
}

async function readItems(
  bucket: MemoryBucket,
  prefix: string,
  keys: readonly string[],
): Promise<MemoryItem[]> {
  const read = await Promise.all(
    keys.map(async (key) => ({ key, stored: await bucket.read(`${prefix}.${encodeToken(key)}`) })),
  );
  return read.flatMap(({ key, stored }) =>
    stored.kind === 'value'
      ? {
          key,
          revision: revisionOf(stored),
          bytes: bytesOf(stored),
          expiresAtMs: stored.meta.expiresAtMs,
        }
      : [],
  );
}

function encodeCursor(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function decodeCursor(cursor: string): string {
  if (!/^[A-Za-z0-9_-]{1,1024}$/.test(cursor))
    throw new InvalidArgumentError('cursor', 'must be the cursor of an earlier page');
  return Buffer.from(cursor, 'base64url').toString('utf8');
}
