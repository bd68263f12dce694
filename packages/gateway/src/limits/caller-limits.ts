import type { Clock } from '@drover/actor-core';
import { RequestFailure } from '../errors.ts';
import type { Principal } from '../keys/principal.ts';
import { readTenantLimits, type TenantLimits } from '../quota/limit-spec.ts';
import type { Budgets, SpentBudget } from '../usage/budgets.ts';
import type { Grant, Quotas, Refusal } from '../quota/quotas.ts';
import { type CallerQuota, quotasOf } from './caller-quotas.ts';
import { anthropicLimitHeaders, limitHeaders } from './limit-headers.ts';

/** The parts of an exchange that the limits use. */
export interface LimitedExchange {
  readonly principal: Principal;
  header(name: string): string | undefined;
  setHeader(name: string, value: string): void;
}

/** A request that was let in. Its place ends with `finish`. */
export interface Admission {
  /** Whether the caller has any limit, so that the end of the request matters. */
  readonly isLimited: boolean;
  /** Whether tokens are limited, so that `takeTokens` needs an estimate. */
  readonly limitsTokens: boolean;
  /** Takes the tokens that the request may need. @throws RequestFailure 429; 503 */
  takeTokens(estimate: number): Promise<void>;
  /** The request ended. @param tokens those that it used; undefined where it did not reach a model */
  finish(tokens: number | undefined): void;
}

export interface CallerLimitsOptions {
  readonly quotas: Quotas;
  readonly budgets: Pick<Budgets, 'spent'>;
  /** Read for each request: it may change while the gateway runs. */
  readonly config: { readonly tenantLimits: readonly string[] };
  readonly clock: Pick<Clock, 'now' | 'wallNow'>;
  /** Called with each refusal and with each request that waited for a claim, for the metrics. */
  readonly observe: (what: LimitEvent) => void;
}

/** What became of the first stage of a request that is limited. */
export interface LimitEvent {
  readonly outcome: 'admitted' | 'refused';
  /** The quota that refused. */
  readonly quota?: { readonly of: CallerQuota['of']; readonly counts: CallerQuota['counts'] | 'budget' };
  readonly waitedMs: number;
}

const unlimited: Admission = Object.freeze({
  isLimited: false,
  limitsTokens: false,
  takeTokens: () => Promise.resolve(),
  finish: () => undefined,
});

/** The first stage of a request: what its key and its tenant may ask for. */
export class CallerLimits {
  readonly #options: CallerLimitsOptions;
  #texts: readonly string[] = [];
  #tenants: readonly TenantLimits[] = [];

  constructor(options: CallerLimitsOptions) {
    this.#options = options;
  }

  /**
   * Counts a request and gives it a place among those that run. Sets the headers that tell what is left.
   *
   * @throws RequestFailure 429 above a limit; 503 while this gateway does not know what the others let in
   */
  async enter(exchange: LimitedExchange): Promise<Admission> {
    await this.#requireBudget(exchange.principal);
    const all = quotasOf(exchange.principal, this.#tenantLimits());
    if (all.length === 0) return unlimited;
    const admitted = new LimitedAdmission(exchange, all, this.#options);
    await admitted.take(({ counts }) => counts !== 'tokens', 1);
    return admitted;
  }

  async #requireBudget({ keyId, limits }: Principal): Promise<void> {
    if (limits?.tokensPerDay === undefined && limits?.tokensPerMonth === undefined) return;
    const { budgets, observe } = this.#options;
    const spent = await budgets.spent(keyId, limits);
    if (spent === undefined) return;
    observe({ outcome: 'refused', quota: { of: 'key', counts: 'budget' }, waitedMs: 0 });
    throw budgetFailure(spent);
  }

  /** Parsed once for each list: a change of the setting makes another list. */
  #tenantLimits(): readonly TenantLimits[] {
    const { tenantLimits } = this.#options.config;
    if (tenantLimits !== this.#texts) {
      this.#texts = tenantLimits;
      this.#tenants = tenantLimits.map((text) => readTenantLimits('tenantLimits', text));
    }
    return this.#tenants;
  }
}

class LimitedAdmission implements Admission {
  readonly isLimited = true;
  readonly #exchange: LimitedExchange;
  readonly #quotas: readonly CallerQuota[];
  readonly #options: CallerLimitsOptions;
  readonly #grants: { readonly quota: CallerQuota; readonly grant: Grant }[] = [];

  constructor(exchange: LimitedExchange, quotas: readonly CallerQuota[], options: CallerLimitsOptions) {
    this.#exchange = exchange;
    this.#quotas = quotas;
    this.#options = options;
  }

  get limitsTokens(): boolean {
    return this.#quotas.some(({ counts }) => counts === 'tokens');
  }

  async takeTokens(estimate: number): Promise<void> {
    if (this.limitsTokens) await this.take(({ counts }) => counts === 'tokens', estimate);
  }

  finish(tokens: number | undefined): void {
    for (const { quota, grant } of this.#grants.splice(0)) {
      if (quota.counts === 'tokens') grant.finish(tokens ?? 0);
      else grant.finish();
    }
  }

  /** @throws RequestFailure, and then the request has nothing any more */
  async take(isWanted: (quota: CallerQuota) => boolean, units: number): Promise<void> {
    const { quotas, clock, observe } = this.#options;
    const startedAtMs = clock.now();
    for (const quota of this.#quotas.filter(isWanted)) {
      // A request for more than the whole quota is let in when nothing of it is used.
      const answer = quotas.take(quota, Math.min(units, quota.limit));
      const known = answer instanceof Promise ? await answer : answer;
      if (known.kind === 'granted') {
        this.#grants.push({ quota, grant: known });
        continue;
      }
      this.#tellHeaders();
      this.#giveBack();
      observe({ outcome: 'refused', quota, waitedMs: clock.now() - startedAtMs });
      throw failureOf(quota, known);
    }
    this.#tellHeaders();
    observe({ outcome: 'admitted', waitedMs: clock.now() - startedAtMs });
  }

  /** A refused request does not count. */
  #giveBack(): void {
    for (const { grant } of this.#grants.splice(0)) grant.finish(0);
  }

  #tellHeaders(): void {
    const known = this.#quotas.map((quota) => ({ quota, state: this.#options.quotas.state(quota) }));
    const isAnthropic = this.#exchange.header('anthropic-version') !== undefined;
    const headers = {
      ...limitHeaders(known),
      ...(isAnthropic && anthropicLimitHeaders(known, this.#options.clock.wallNow())),
    };
    for (const [name, value] of Object.entries(headers)) this.#exchange.setHeader(name, value);
  }
}

const texts: Readonly<Record<CallerQuota['counts'], (limit: number) => string>> = {
  requests: (limit) => `may send ${limit} requests a minute`,
  tokens: (limit) => `may use ${limit} tokens a minute`,
  concurrent: (limit) => `may run ${limit} requests at the same time`,
};

function budgetFailure({ period, limit, endsInMs }: SpentBudget): RequestFailure {
  const message = `this key has used its ${limit} tokens of this ${period} (UTC)`;
  return new RequestFailure(429, 'budget-spent', message, {
    retryAfterMs: endsInMs,
    facts: { limit, period },
  });
}

function failureOf({ of, counts, limit }: CallerQuota, { kind, retryAfterMs }: Refusal): RequestFailure {
  if (kind === 'unknown') {
    const message = 'this gateway does not know yet what the others let in, so a limit could be exceeded';
    return new RequestFailure(503, 'limits-unknown', message, { retryAfterMs });
  }
  const whose = of === 'key' ? 'this key' : 'the tenant of this key';
  const after = `ask again in ${Math.ceil(retryAfterMs / 100) / 10} s`;
  return new RequestFailure(429, 'rate-limited', `${whose} ${texts[counts](limit)}: ${after}`, {
    retryAfterMs,
    facts: { limit, counts, of },
  });
}
