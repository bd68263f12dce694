import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { InvalidArgumentError } from '@drover/actor-core';

/** Signs the checkpoints of one gateway. Its key is kept outside the store that holds the records. */
export interface AuditSigner {
  /** PEM (SPKI). */
  readonly publicKey: string;
  readonly fingerprint: string;
  /** Ed25519, base64. */
  sign(text: string): string;
}

/** The public half of an `AuditSigner`. */
export interface AuditVerifyingKey {
  readonly fingerprint: string;
  isSignatureOf(text: string, signature: string): boolean;
}

const fingerprintLength = 32;

/** A new Ed25519 key, PEM (PKCS 8). */
export function newAuditKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** @throws InvalidArgumentError `key` for a text that is no Ed25519 key in PEM */
export function auditSigner(pem: string): AuditSigner {
  const key = requireKey(() => createPrivateKey(pem));
  const publicKey = createPublicKey(pem);
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    fingerprint: fingerprintOf(publicKey),
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
  };
}

/** @throws InvalidArgumentError `key` for a text that is no Ed25519 key in PEM */
export function auditVerifyingKey(pem: string): AuditVerifyingKey {
  // `createPublicKey` takes a private key too, from which it makes the public one.
  const key = requireKey(() => createPublicKey(pem));
  return {
    fingerprint: fingerprintOf(key),
    isSignatureOf: (text, signature) =>
      verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64')),
  };
}

function requireKey(read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch {
    throw new InvalidArgumentError('key', 'must be an Ed25519 key in PEM');
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new InvalidArgumentError('key', `must be an Ed25519 key (got ${key.asymmetricKeyType})`);
  return key;
}

/** The first 128 bits of the SHA-256 of the key, hexadecimal. */
function fingerprintOf(key: KeyObject): string {
  const der = key.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, fingerprintLength);
}
