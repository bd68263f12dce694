import { RequestFailure } from '../errors.ts';

/**
 * Milliseconds the request may take: the client's wish, never more than the gateway allows.
 *
 * @throws RequestFailure 400 for a header that is no whole number above 0
 */
export function timeoutOf(header: string | undefined, maxTimeoutMs: number): number {
  if (header === undefined) return maxTimeoutMs;
  const wishMs = Number(header);
  if (!Number.isInteger(wishMs) || wishMs < 1) {
    throw new RequestFailure(
      400,
      'invalid-header',
      'x-drover-timeout-ms must be a whole number of milliseconds above 0',
    );
  }
  return Math.min(wishMs, maxTimeoutMs);
}
