import type { Clock } from '@drover/actor-core';
import { RequestFailure } from '../errors.ts';
import { parseAccessKey } from './access-key.ts';
import { decideRoute, type WantedRoute } from './decide-permission.ts';
import type { ClientCertificate } from '../tls/client-certificate.ts';
import type { FollowedKeys } from './follow-keys.ts';
import type { Identified } from './key-ring.ts';
import { anyone, type Principal } from './principal.ts';
import { looksLikeToken, type Tokens } from './tokens.ts';

/** A request at the door. */
export interface Caller extends WantedRoute {
  /** Headers `authorization` and `x-api-key`. */
  readonly authorization: string | undefined;
  readonly apiKey: string | undefined;
  /** The accepted certificate of the client, where TLS asks for one. */
  readonly certificate?: ClientCertificate | undefined;
  /** Told who the caller is, also where they are refused then. */
  readonly onKnown?: (caller: Principal) => void;
}

export interface DoorRules {
  /** Whether a gateway without any key serves everyone: on a loopback address, or with `--insecure`. */
  readonly servesAnyone: boolean;
  /** Longest time for which the keys may not have been confirmed; 0: without limit. */
  readonly maxKeyAgeMs: number;
  /** Takes tokens of an issuer beside keys; then nobody is served without one of them. @default no tokens are taken */
  readonly tokens?: Tokens | undefined;
}

const bearerPattern = /^bearer +(\S+) *$/i;
const retryAfterMs = 1_000;

/** Decides who may use which route. */
export class Door {
  readonly #keys: Pick<FollowedKeys, 'ring' | 'ageMs' | 'isKnown'>;
  readonly #rules: DoorRules;
  readonly #clock: Pick<Clock, 'wallNow'>;

  constructor(
    keys: Pick<FollowedKeys, 'ring' | 'ageMs' | 'isKnown'>,
    rules: DoorRules,
    clock: Pick<Clock, 'wallNow'>,
  ) {
    this.#keys = keys;
    this.#rules = rules;
    this.#clock = clock;
  }

  /**
   * Who sent the request; at once for a key and for a token that was verified before.
   *
   * @throws RequestFailure 401 without a valid key or token, 403 with one that may not use the route, 503 while the
   *   keys are not known
   */
  admit(caller: Caller): Principal | Promise<Principal> {
    if (caller.right === 'open') return anyone;
    const { tokens } = this.#rules;
    const text = presentedKey(caller.authorization, caller.apiKey);
    if (tokens === undefined || text === undefined || !looksLikeToken(text))
      return this.#let(caller, this.#identify(caller, text));
    const principal = tokens.identify(text);
    return principal instanceof Promise
      ? principal.then((known) => this.#let(caller, known))
      : this.#let(caller, principal);
  }

  /** @throws RequestFailure 403 */
  #let(caller: Caller, principal: Principal): Principal {
    caller.onKnown?.(principal);
    const { isAllowed, reason } = decideRoute(principal, caller);
    if (isAllowed) return principal;
    throw new RequestFailure(403, 'not-allowed', `this key may not use ${caller.path}: ${reason}`);
  }

  #identify({ certificate }: Caller, text: string | undefined): Principal {
    const { ring } = this.#keys;
    if (ring.isEmpty) {
      if (this.#rules.tokens !== undefined) throw tokenRequired();
      if (!this.#keys.isKnown) throw keysUnknown();
      if (this.#rules.servesAnyone) return anyone;
      throw new RequestFailure(
        401,
        'key-required',
        'this gateway can be reached by other machines and the cluster has no key yet: make one with "drover key create"',
      );
    }
    this.#requireFresh();
    // Clients that need a key send any text, so only a text that looks like a key goes before the certificate.
    if (certificate !== undefined && (text === undefined || parseAccessKey(text) === undefined))
      return ofCertificate(certificate, ring.named(certificate.name, this.#clock.wallNow()));
    if (text === undefined)
      throw new RequestFailure(
        401,
        'key-required',
        'a key is required: send it as "authorization: Bearer KEY" or "x-api-key: KEY"',
      );
    const identified = ring.identify(text, this.#clock.wallNow());
    if (identified.kind === 'known') return identified.principal;
    if (identified.kind === 'expired')
      throw new RequestFailure(401, 'key-expired', 'the key has expired: ask for another one');
    throw new RequestFailure(401, 'key-invalid', 'the key is not valid: it is unknown or was revoked');
  }

  #requireFresh(): void {
    const { maxKeyAgeMs } = this.#rules;
    if (maxKeyAgeMs === 0 || this.#keys.ageMs() <= maxKeyAgeMs) return;
    throw new RequestFailure(
      503,
      'keys-stale',
      'the store of the keys has not answered for too long, so a revoked key could not be told from a valid one',
      { retryAfterMs },
    );
  }
}

function tokenRequired(): RequestFailure {
  return new RequestFailure(
    401,
    'key-required',
    'a token of the issuer is required: send it as "authorization: Bearer TOKEN"; the cluster has no keys',
  );
}

/** @throws RequestFailure 401 */
function ofCertificate({ name }: ClientCertificate, identified: Identified): Principal {
  if (identified.kind === 'known') return identified.principal;
  if (identified.kind === 'expired')
    throw new RequestFailure(401, 'key-expired', `the key ${name}, which the certificate names, has expired`);
  throw new RequestFailure(
    401,
    'certificate-unknown',
    `the certificate names ${name}, and not exactly one key has this id or name: make one with "drover key create --name ${name}"`,
  );
}

/**
 * The key that a request carries. Clients that need one set the other header to something else, so a text that looks
 * like a key goes first, then one that looks like a token.
 */
export function presentedKey(
  authorization: string | undefined,
  apiKey: string | undefined,
): string | undefined {
  const bearer = bearerPattern.exec(authorization ?? '')?.[1] ?? authorization;
  const given = [bearer, apiKey].filter((text) => text !== undefined && text !== '');
  return (
    given.find((text) => parseAccessKey(text ?? '') !== undefined) ??
    given.find((text) => looksLikeToken(text ?? '')) ??
    given[0]
  );
}

function keysUnknown(): RequestFailure {
  return new RequestFailure(
    503,
    'keys-unknown',
    'this gateway has not read the keys of the cluster yet: the store does not answer',
    { retryAfterMs },
  );
}
