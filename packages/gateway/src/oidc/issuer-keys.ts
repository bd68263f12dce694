import type { Clock, Logger, Timer } from '@drover/actor-core';
import { createLocalJWKSet } from 'jose';
import { z } from 'zod';
import { documentFetcher, type FetchDocument } from './fetch-document.ts';
import { checkUrl, type OidcConfig } from './oidc-config.ts';

/** The public keys of the issuer as this gateway knows them. */
export interface KeySet {
  readonly keyFor: ReturnType<typeof createLocalJWKSet>;
  /** Tells whether two sets are the same. */
  readonly text: string;
}

export interface IssuerKeysOptions {
  readonly config: Pick<OidcConfig, 'oidcIssuer' | 'oidcJwksUrl'>;
  readonly clock: Pick<Clock, 'now' | 'setTimer'>;
  readonly log: Logger;
}

/** Time between two readings of the keys, so that a key that the issuer withdrew is refused after it at the latest. */
const refreshMs = 10 * 60_000;
/** The same after a reading that failed. */
const retryMs = 30_000;
/** While no keys are known, a request may ask the issuer this long after the last attempt. */
const firstRetryMs = 1_000;
const maxKeys = 100;

const setSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(maxKeys) });
const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.string() });

/**
 * Keeps a copy of the issuer's keys (JWKS). One reading runs at a time, and tokens with keys that nobody knows cause
 * one in 30 s at most. While the issuer does not answer, the last copy stays valid without an end.
 */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  readonly #fetch: FetchDocument;
  readonly #ended = new AbortController();
  #current: KeySet | undefined;
  #reading: Promise<void> | undefined;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #hasFailed = false;
  #timer: Timer | undefined;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
    this.#fetch = documentFetcher(options.clock, this.#ended.signal);
    void this.#read();
  }

  /** Undefined before the first answer of the issuer. */
  get current(): KeySet | undefined {
    return this.#current;
  }

  /** Whether the issuer did not answer the last time, so that it may have newer keys. */
  get isStale(): boolean {
    return this.#hasFailed;
  }

  /** Asks the issuer for newer keys if that was not done just before, and waits for the answer. Never rejects. */
  async renew(): Promise<void> {
    const waitMs = this.#current === undefined ? firstRetryMs : retryMs;
    if (this.#reading === undefined && this.#options.clock.now() - this.#triedAtMs < waitMs) return;
    await this.#read();
  }

  close(): void {
    this.#timer?.cancel();
    this.#ended.abort(new Error('the gateway is stopping'));
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<void> {
    const { clock, log, config } = this.#options;
    this.#timer?.cancel();
    this.#triedAtMs = clock.now();
    try {
      const set = await this.#ask();
      if (this.#hasFailed || this.#current === undefined)
        log.info({ issuer: config.oidcIssuer, keys: set.count }, 'the keys of the issuer were read');
      if (set.text !== this.#current?.text) this.#current = set;
      this.#hasFailed = false;
    } catch (err) {
      if (this.#ended.signal.aborted) return;
      const text = 'the keys of the issuer cannot be read: the last ones stay valid';
      if (!this.#hasFailed) log.warn({ err, issuer: config.oidcIssuer }, text);
      this.#hasFailed = true;
    }
    if (this.#ended.signal.aborted) return;
    this.#timer = clock.setTimer(this.#hasFailed ? retryMs : refreshMs, () => void this.#read());
  }

  async #ask(): Promise<KeySet & { readonly count: number }> {
    const { oidcJwksUrl } = this.#options.config;
    const url = oidcJwksUrl === '' ? await this.#discover() : oidcJwksUrl;
    const set = setSchema.parse(await this.#fetch(url));
    return { keyFor: createLocalJWKSet(set), text: JSON.stringify(set), count: set.keys.length };
  }

  /** The URL of the keys, as the issuer publishes it (OpenID Connect Discovery 1.0, section 4). */
  async #discover(): Promise<string> {
    const { oidcIssuer } = this.#options.config;
    const url = `${oidcIssuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const found = discoverySchema.parse(await this.#fetch(url));
    if (found.issuer !== oidcIssuer)
      throw new Error(`${url} is of the issuer ${found.issuer.slice(0, 200)}, not of ${oidcIssuer}`);
    return checkUrl('jwks_uri', found.jwks_uri).href;
  }
}
