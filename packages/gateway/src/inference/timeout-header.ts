import { RequestFailure } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';

/** Request and response header: milliseconds that the request may take. */
export const timeoutHeader = 'x-drover-timeout-ms';

/**
 * Milliseconds that the request may take, 0 for no deadline: the value that the client requests, at most `maxTimeoutMs`
 * (0: no bound). If the client requested a value, the same header of the answer states the applied one, so that a
 * reduction is visible.
 *
 * @throws RequestFailure 400 for a header that is not a whole number above 0
 */
export function agreeOnTimeout(
  exchange: Pick<Exchange, 'header' | 'setHeader'>,
  maxTimeoutMs: number,
): number {
  const header = exchange.header(timeoutHeader);
  if (header === undefined) return maxTimeoutMs;
  const requestedMs = readHeader(header);
  const timeoutMs = maxTimeoutMs === 0 ? requestedMs : Math.min(requestedMs, maxTimeoutMs);
  exchange.setHeader(timeoutHeader, String(timeoutMs));
  return timeoutMs;
}

function readHeader(header: string): number {
  const requestedMs = /^\d+$/.test(header) ? Number(header) : 0;
  if (requestedMs >= 1 && Number.isSafeInteger(requestedMs)) return requestedMs;
  throw new RequestFailure(
    400,
    'invalid-header',
    `${timeoutHeader} must be a whole number of milliseconds above 0`,
    { field: timeoutHeader },
  );
}
