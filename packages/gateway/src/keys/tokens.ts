import type { Principal } from './principal.ts';

/** Tells who sends a token of the issuer. */
export interface Tokens {
  /**
   * A token that was verified before is answered at once.
   *
   * @throws RequestFailure 401 for a token that is not valid, 403 for one whose claims do not fit, 503 while the keys
   *   of the issuer are not known
   */
  identify(token: string): Principal | Promise<Principal>;
}

/** Three parts in base64url, as a signed JWT has them. */
const tokenPattern = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Whether a text looks like a JWT, not whether it is valid. */
export function looksLikeToken(text: string): boolean {
  return tokenPattern.test(text);
}
