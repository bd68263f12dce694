import { createHmac, timingSafeEqual } from 'node:crypto';

/** Signature of a text: HMAC-SHA-256 in base64url. */
export function signatureOf(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url');
}

/** Whether it is the signature of the text. Takes as long for a wrong one as for the right one. */
export function isSignatureOf(secret: string, text: string, signature: string): boolean {
  const given = Buffer.from(signature);
  const expected = Buffer.from(signatureOf(secret, text));
  return given.length === expected.length && timingSafeEqual(given, expected);
}
