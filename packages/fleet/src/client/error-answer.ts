import type { AnsweredFailure, AttemptFailure } from './attempt-failure.ts';
import { hostRetryAfterMs } from './host-answer.ts';

/**
 * Chooses the host's error answer that the client gets if no host served the request. Undefined if an error of the
 * fleet is more informative. In order:
 *
 * 1. 429 or 503 of the host with the earliest retry time: a retry can succeed.
 * 2. No answer of a host if a queue was full: that instance could have served the request.
 * 3. The last answer with an error of the host itself (500, 502, …).
 * 4. 404, only if every host that was asked answered 404.
 */
export function chooseErrorAnswer(failures: readonly AttemptFailure[]): AnsweredFailure | undefined {
  const answered = failures.filter((failure): failure is AnsweredFailure => failure.answer !== undefined);
  const [first, ...rest] = answered.filter(({ answer }) => asksForRetry(answer.head.status));
  if (first !== undefined)
    return rest.reduce((best, other) => (retryAtMs(other) < retryAtMs(best) ? other : best), first);
  if (failures.some(({ refusal }) => refusal === 'queue-full')) return undefined;
  const hostError = answered.findLast(({ answer }) => answer.head.status !== 404);
  if (hostError !== undefined) return hostError;
  const allMissing = failures.every(
    ({ answer, refusal }) => answer !== undefined || refusal === 'model-missing',
  );
  return allMissing ? answered.at(-1) : undefined;
}

function asksForRetry(status: number): boolean {
  return status === 429 || status === 503;
}

function retryAtMs({ answer }: AnsweredFailure): number {
  return hostRetryAfterMs(answer.head.headers) ?? Number.POSITIVE_INFINITY;
}
