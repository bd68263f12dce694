import type { AttemptFailure } from './decide-attempt.ts';
import { askedAgainAfterMs, type HostAnswer } from './host-answer.ts';

/** A failed attempt whose host answered. */
export type AnsweredFailure = AttemptFailure & { readonly answer: HostAnswer };

/** The failure of an attempt whose host answered `answer`; another host may still serve the request. */
export function refusedByHost(answer: HostAnswer): Omit<AnsweredFailure, 'node' | 'instance' | 'simulated'> {
  const { head, text } = answer;
  return {
    code: 'bad-upstream',
    refusal: undefined,
    message: `answered ${head.status}: ${text}`,
    retryAfterMs: askedAgainAfterMs(head.headers) ?? 0,
    answer,
  };
}

/**
 * The host's answer that the client gets when no host served the request, or undefined where an error of the fleet is
 * more informative:
 *
 * 1. 429 or 503 of the host with the earliest retry time: a retry helps.
 * 2. A full queue of ours, since that host could have served it: not an answer of a host.
 * 3. The last answer that says what is wrong (500, 502, …).
 * 4. 404, only if every host that was asked said so.
 */
export function tellingAnswer(failures: readonly AttemptFailure[]): AnsweredFailure | undefined {
  const answered = failures.filter((failure): failure is AnsweredFailure => failure.answer !== undefined);
  const [first, ...rest] = answered.filter(({ answer }) => isComeBack(answer.head.status));
  if (first !== undefined) {
    return rest.reduce(
      (best, other) => (comeBackAfterMs(other) < comeBackAfterMs(best) ? other : best),
      first,
    );
  }
  if (failures.some(({ refusal }) => refusal === 'queue-full')) return undefined;
  const wrong = answered.findLast(({ answer }) => answer.head.status !== 404);
  if (wrong !== undefined) return wrong;
  const allSayMissing = failures.every(
    ({ answer, refusal }) => answer !== undefined || refusal === 'model-missing',
  );
  return allSayMissing ? answered.at(-1) : undefined;
}

function isComeBack(status: number): boolean {
  return status === 429 || status === 503;
}

function comeBackAfterMs({ answer }: AnsweredFailure): number {
  return askedAgainAfterMs(answer.head.headers) ?? Number.POSITIVE_INFINITY;
}
