import { InvalidArgumentError } from '../errors.ts';
import { encodeToken, requireToken } from '../transport/subjects.ts';
import { hashOf } from '../membership/rendezvous.ts';

/** Which entity: a key within a type. */
export interface EntityId {
  /** 1 to 64 characters of a-z, 0-9, `_` and `-`. */
  readonly type: string;
  /** Any text of 1 to 128 characters. */
  readonly key: string;
}

const maxKeyLength = 128;

/** @throws InvalidArgumentError for a type or key that is not valid */
export function requireEntityId({ type, key }: EntityId): EntityId {
  requireToken('type', type);
  if (key.length === 0 || key.length > maxKeyLength)
    throw new InvalidArgumentError('key', `must have 1 to ${maxKeyLength} characters`);
  return { type, key };
}

/** Equal for equal entities. */
export function entityName({ type, key }: EntityId): string {
  return `${type}/${key}`;
}

/** The shard whose stream holds the records of the entity: the same on every node. */
export function shardOf(entity: EntityId, shards: number): number {
  return hashOf(entityName(entity)) % shards;
}

/** The key as a token of a subject and as part of the name of an actor. */
export function keyToken({ key }: EntityId): string {
  return encodeToken(key);
}
