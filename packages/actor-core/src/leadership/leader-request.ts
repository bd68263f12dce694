import { NoRespondersError, RequestTimeoutError, TransportDisconnectedError } from '../errors.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { anyToken } from '../transport/subjects.ts';

/*
 * Requests of a person to the leader of a group, by way of a gateway: JSON objects with `v: 1` and `action`, answered
 * by `{ok: true, …}` or `{ok: false, code}`. Every group of a node hears all requests to the node, and answers only
 * those that it knows. Only nodes of the roles `gateway` and `host` may send one.
 */

/** Time for the leader to do what is asked. */
const requestMs = 6_000;

/**
 * - `no-leader`: no leader was heard, or it has just lost the leadership; nothing has changed as far as known
 * - `unanswered`: the leader may have done what was asked
 */
export type NoAnswer = { readonly ok: false; readonly code: 'no-leader' | 'unanswered' };

export type LeaderAnswer = Readonly<Record<string, unknown>>;

/** Asks that node, as the leader that it is taken for. An answer that is no object counts as none. */
export async function askLeader(
  { transport, subjects, nodeId }: Pick<LocalNode, 'transport' | 'subjects' | 'nodeId'>,
  leader: string,
  request: object,
): Promise<LeaderAnswer | NoAnswer> {
  try {
    const payload = encodeJson({ v: 1, ...request });
    const answer = await transport.request(subjects.leaderRequest(leader, nodeId), payload, {
      timeoutMs: requestMs,
    });
    return decodeJson(answer) ?? { ok: false, code: 'unanswered' };
  } catch (error) {
    if (error instanceof NoRespondersError || error instanceof TransportDisconnectedError)
      return { ok: false, code: 'no-leader' };
    if (error instanceof RequestTimeoutError) return { ok: false, code: 'unanswered' };
    throw error;
  }
}

/**
 * Answers requests to this node until the returned function is called.
 *
 * @param handle returns undefined for a request that it does not know
 */
export function serveLeader(
  { transport, subjects, nodeId, log }: Pick<LocalNode, 'transport' | 'subjects' | 'nodeId' | 'log'>,
  handle: (request: LeaderAnswer) => Promise<object> | undefined,
): () => void {
  const subject = subjects.leaderRequest(nodeId, anyToken);
  const subscription = transport.subscribe(subject, ({ payload, respond }) => {
    const request = decodeJson(payload);
    if (respond === undefined || request?.['v'] !== 1) return;
    handle(request)?.then(
      (answer) => respond(encodeJson(answer)),
      (err: unknown) => log.warn({ err, action: request['action'] }, 'a request to the leader has failed'),
    );
  });
  return () => subscription.unsubscribe();
}

function encodeJson(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function decodeJson(payload: Uint8Array): LeaderAnswer | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof value === 'object' && value !== null ? (value as LeaderAnswer) : undefined;
  } catch {
    return undefined;
  }
}
