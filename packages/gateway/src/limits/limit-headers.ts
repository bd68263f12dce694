import type { QuotaState } from '../quota/quotas.ts';
import type { CallerQuota } from './caller-quotas.ts';

/** A quota of a caller and where it stands. */
export interface KnownQuota {
  readonly quota: CallerQuota;
  readonly state: QuotaState;
}

/**
 * `x-ratelimit-limit-requests`, `-remaining-requests`, `-reset-requests` and the same of tokens, as clients of OpenAI
 * read them. Of the quotas of key and tenant the one with the least left is told.
 */
export function limitHeaders(known: readonly KnownQuota[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const counts of ['requests', 'tokens'] as const) {
    const tightest = tightestOf(known, counts);
    if (tightest === undefined) continue;
    headers[`x-ratelimit-limit-${counts}`] = String(tightest.quota.limit);
    headers[`x-ratelimit-remaining-${counts}`] = String(Math.floor(tightest.state.remaining));
    headers[`x-ratelimit-reset-${counts}`] = durationText(tightest.state.resetMs);
  }
  return headers;
}

/**
 * `anthropic-ratelimit-requests-limit`, `-remaining`, `-reset`, and the same of tokens, as Anthropic sends them.
 *
 * @param nowMs wall clock: resets are instants
 */
export function anthropicLimitHeaders(
  known: readonly KnownQuota[],
  nowMs: number,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const counts of ['requests', 'tokens'] as const) {
    const tightest = tightestOf(known, counts);
    if (tightest === undefined) continue;
    const { quota, state } = tightest;
    const resetAtMs = Math.ceil((nowMs + state.resetMs) / 1_000) * 1_000;
    headers[`anthropic-ratelimit-${counts}-limit`] = String(quota.limit);
    headers[`anthropic-ratelimit-${counts}-remaining`] = String(Math.floor(state.remaining));
    headers[`anthropic-ratelimit-${counts}-reset`] = new Date(resetAtMs).toISOString().replace('.000Z', 'Z');
  }
  return headers;
}

function tightestOf(known: readonly KnownQuota[], counts: 'requests' | 'tokens'): KnownQuota | undefined {
  return known
    .filter(({ quota }) => quota.counts === counts)
    .toSorted((a, b) => a.state.remaining - b.state.remaining)[0];
}

/** As OpenAI writes durations: `12ms`, `3.2s`, `1m0s`. */
function durationText(ms: number): string {
  const whole = Math.ceil(ms);
  if (whole < 1_000) return `${whole}ms`;
  const minutes = Math.floor(whole / 60_000);
  const seconds = (whole % 60_000) / 1_000;
  return `${minutes > 0 ? `${minutes}m` : ''}${Number(seconds.toFixed(3))}s`;
}
