import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a client sends: `drover_ID_SECRET`. */
export interface AccessKey {
  /** Names the record of the key; no secret. */
  readonly id: string;
  readonly secret: string;
}

const idBytes = 8;
const secretBytes = 32;
const pattern = /^drover_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** A key that nobody has: 64 random bits of id and 256 of secret. */
export function newAccessKey(id: string = randomBytes(idBytes).toString('hex')): AccessKey {
  return { id, secret: randomBytes(secretBytes).toString('base64url') };
}

export function accessKeyText({ id, secret }: AccessKey): string {
  return `drover_${id}_${secret}`;
}

/** Undefined for a text that is no key of Drover. */
export function parseAccessKey(text: string): AccessKey | undefined {
  const [, id, secret] = pattern.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/**
 * SHA-256 of a secret, hexadecimal: what is stored. A slow hash would add nothing, because nobody can guess 256 random
 * bits, and each request pays for it.
 */
export function digestOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Compares two digests in a time that does not depend on where they differ. */
export function isSameDigest(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, 'hex'), Buffer.from(other, 'hex')];
  return a.length === b.length && timingSafeEqual(a, b);
}
