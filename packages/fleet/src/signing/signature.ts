import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';

/** A pair of keys of which the private one never leaves the process. */
export interface SigningKey {
  /** DER (SPKI). */
  readonly publicKey: Uint8Array;
  sign(text: string): Uint8Array;
}

/** A new Ed25519 key. */
export function createSigningKey(): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
    sign: (text) => new Uint8Array(sign(null, Buffer.from(text), privateKey)),
  };
}

/** The public key of another process. */
export interface VerifyingKey {
  isSignatureOf(text: string, signature: Uint8Array): boolean;
}

/** Undefined for bytes that are no Ed25519 key. */
export function verifyingKey(der: Uint8Array): VerifyingKey | undefined {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(der), type: 'spki', format: 'der' });
  } catch {
    return undefined;
  }
  if (key.asymmetricKeyType !== 'ed25519') return undefined;
  return { isSignatureOf: (text, signature) => verify(null, Buffer.from(text), key, signature) };
}
