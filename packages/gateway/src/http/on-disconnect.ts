import { RequestFailure } from '../errors.ts';

/** Request header: what becomes of a request whose client leaves. The answer states the time that counts. */
export const onDisconnectHeader = 'x-drover-on-disconnect';

/** Longest time for which a request goes on without its client. */
const maxKeepMs = 600_000;
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/**
 * How long a request goes on after its client has left, by the header `x-drover-on-disconnect`: `cancel` (0, also
 * without the header) or `keep=30s`, at most ten minutes.
 *
 * @throws RequestFailure 400 for another value
 */
export function keepMsOf(header: string | undefined): number {
  if (header === undefined || header === 'cancel') return 0;
  const [, count = '', unit = ''] = /^keep=(\d{1,9})(ms|s|m)$/.exec(header) ?? [];
  const keepMs = Number(count) * (unitMs[unit] ?? 0);
  if (keepMs > 0) return Math.min(keepMs, maxKeepMs);
  const message = 'x-drover-on-disconnect must be cancel, or keep= with a duration such as 30s';
  throw new RequestFailure(400, 'invalid-header', message);
}
