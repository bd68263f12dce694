import { createHash } from 'node:crypto';
import type { Clock } from '@drover/actor-core';
import { errors, jwtVerify } from 'jose';
import { RequestFailure } from '../errors.ts';
import type { Principal } from '../keys/principal.ts';
import type { Tokens } from '../keys/tokens.ts';
import { IssuerKeys, type IssuerKeysOptions, type KeySet } from './issuer-keys.ts';
import type { OidcConfig } from './oidc-config.ts';
import { claimsReader, type ReadClaims } from './token-claims.ts';

/** Signatures that only the issuer can make: no `none`, and no secret that both sides know (HS256 and others). */
const algorithms = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');

/** Tokens that are kept as verified; the one that was verified first is forgotten first. */
const maxVerified = 4_096;
const maxTokenLength = 8_192;
const retryAfterMs = 1_000;

interface Verified {
  readonly principal: Principal;
  /** Instant from which the token is refused. */
  readonly endsAtMs: number;
}

export interface TokenVerifierOptions extends IssuerKeysOptions {
  readonly config: OidcConfig;
  readonly clock: Pick<Clock, 'now' | 'wallNow' | 'setTimer'>;
}

/** Verifies tokens with the keys of the issuer. Keeps results until the token ends or the keys change. */
export class TokenVerifier implements Tokens {
  readonly #options: TokenVerifierOptions;
  readonly #keys: IssuerKeys;
  readonly #read: ReadClaims;
  /** By digest of the token. */
  readonly #verified = new Map<string, Verified>();
  #verifiedWith: KeySet | undefined;

  /** @throws InvalidArgumentError for settings that do not fit */
  constructor(options: TokenVerifierOptions) {
    this.#options = options;
    this.#read = claimsReader(options.config);
    this.#keys = new IssuerKeys(options);
  }

  identify(token: string): Principal | Promise<Principal> {
    if (token.length > maxTokenLength)
      throw invalid(`it has ${token.length} characters, ${maxTokenLength} are possible`);
    const digest = createHash('sha256').update(token).digest('base64');
    const known = this.#known(digest);
    return known ?? this.#verify(token, digest);
  }

  close(): void {
    this.#keys.close();
  }

  #known(digest: string): Principal | undefined {
    if (this.#verifiedWith !== this.#keys.current) return undefined;
    const found = this.#verified.get(digest);
    if (found === undefined) return undefined;
    if (this.#options.clock.wallNow() < found.endsAtMs) return found.principal;
    this.#verified.delete(digest);
    return undefined;
  }

  async #verify(token: string, digest: string): Promise<Principal> {
    if (this.#keys.current === undefined) await this.#keys.renew();
    const first = await this.#attempt(token, this.#required());
    const outcome = first ?? (await this.#attemptWithNewerKeys(token));
    this.#keep(digest, outcome);
    return outcome.principal;
  }

  /** A token of a key that this gateway has not seen: the issuer may have a new one. */
  async #attemptWithNewerKeys(token: string): Promise<Verified & { readonly keys: KeySet }> {
    await this.#keys.renew();
    const outcome = await this.#attempt(token, this.#required());
    if (outcome !== undefined) return outcome;
    if (this.#keys.isStale) throw unavailable();
    throw invalid('the issuer has no key that fits it');
  }

  #required(): KeySet {
    const { current } = this.#keys;
    if (current === undefined) throw unavailable();
    return current;
  }

  /** Undefined where none of the keys fits. @throws RequestFailure 401, 403 */
  async #attempt(token: string, keys: KeySet): Promise<(Verified & { readonly keys: KeySet }) | undefined> {
    const { oidcIssuer, oidcAudience, oidcClockSkewMs } = this.#options.config;
    try {
      const { payload } = await jwtVerify(token, keys.keyFor, {
        algorithms,
        issuer: oidcIssuer,
        audience: [...oidcAudience],
        requiredClaims: ['exp', 'sub'],
        clockTolerance: oidcClockSkewMs / 1_000,
        currentDate: new Date(this.#options.clock.wallNow()),
      });
      const endsAtMs = (payload.exp ?? 0) * 1_000 + oidcClockSkewMs;
      return { principal: this.#read(payload), endsAtMs, keys };
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      throw error instanceof RequestFailure ? error : failureOf(error);
    }
  }

  #keep(digest: string, { principal, endsAtMs, keys }: Verified & { readonly keys: KeySet }): void {
    // Keys that came meanwhile may lack the one of this token.
    if (keys !== this.#keys.current) return;
    if (this.#verifiedWith !== keys) {
      this.#verified.clear();
      this.#verifiedWith = keys;
    }
    const [oldest] = this.#verified.keys();
    if (this.#verified.size >= maxVerified && oldest !== undefined) this.#verified.delete(oldest);
    this.#verified.set(digest, { principal, endsAtMs });
  }
}

/** Says what is wrong and nothing of what the token holds. */
function failureOf(error: unknown): RequestFailure {
  if (error instanceof errors.JWTExpired)
    return new RequestFailure(401, 'token-expired', 'the token has expired: ask the issuer for another one');
  if (error instanceof errors.JWTClaimValidationFailed)
    return invalid(claimTexts[error.claim] ?? 'a claim is wrong');
  if (error instanceof errors.JWSSignatureVerificationFailed) return invalid('its signature is wrong');
  if (error instanceof errors.JOSEAlgNotAllowed) return invalid('its algorithm is not allowed');
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return invalid('it does not name its key, and the issuer has several that fit');
  return invalid('it cannot be read');
}

const claimTexts: Readonly<Record<string, string>> = {
  iss: 'it is of another issuer',
  aud: 'it is for another audience',
  nbf: 'it is not valid yet',
  exp: 'it has no end (exp)',
  sub: 'it has no subject (sub)',
};

function invalid(why: string): RequestFailure {
  return new RequestFailure(401, 'token-invalid', `the token is not valid: ${why}`);
}

function unavailable(): RequestFailure {
  return new RequestFailure(
    503,
    'issuer-unavailable',
    'the keys of the issuer of tokens are not known: it does not answer',
    { retryAfterMs },
  );
}
