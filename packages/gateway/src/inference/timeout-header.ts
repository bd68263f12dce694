import { RequestFailure } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';

/** Request and response header: how long the request may take, milliseconds. */
export const timeoutHeader = 'x-drover-timeout-ms';

/**
 * Milliseconds that the request may take, 0 for no deadline: the value that the client asks for, at most `maxTimeoutMs`
 * (0: no bound). If the client asked, the same header of the answer states the applied value, so that a reduction is
 * visible.
 *
 * @throws RequestFailure 400 for a header that is no whole number above 0
 */
export function agreeOnTimeout(exchange: Exchange, maxTimeoutMs: number): number {
  const header = exchange.header(timeoutHeader);
  if (header === undefined) return maxTimeoutMs;
  const wishMs = readTimeout(header);
  const timeoutMs = maxTimeoutMs === 0 ? wishMs : Math.min(wishMs, maxTimeoutMs);
  exchange.setHeader(timeoutHeader, String(timeoutMs));
  return timeoutMs;
}

function readTimeout(header: string): number {
  const wishMs = /^\d+$/.test(header) ? Number(header) : 0;
  if (wishMs >= 1 && Number.isSafeInteger(wishMs)) return wishMs;
  throw new RequestFailure(
    400,
    'invalid-header',
    `${timeoutHeader} must be a whole number of milliseconds above 0`,
    { field: timeoutHeader },
  );
}
