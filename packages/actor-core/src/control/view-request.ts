import { NoRespondersError, RequestTimeoutError, TransportDisconnectedError } from '../errors.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { viewTiming } from '../membership/view/cluster-view.ts';
import type { ViewRequest, ViewRequestAnswer } from '../membership/view/decide-view.ts';
import type { ViewMemberState } from '../membership/view/view.ts';

/** Time for the control leader to write the change. */
const requestMs = 6_000;

/** What became of a request to change the view. */
export type ViewRequestOutcome =
  | ViewRequestAnswer
  /**
   * - `no-leader`: no control leader was heard, or it has just lost the leadership; nothing has changed as far as known
   * - `unanswered`: the leader may have made the change; look at the view
   */
  | { readonly ok: false; readonly code: 'no-leader' | 'unanswered' };

/**
 * Asks the control leader to drain a node or to have it leave. Resolves when the view with the new state is written.
 * Only nodes of the roles `gateway` and `host` may ask.
 */
export async function requestView(
  { view, transport, subjects, nodeId }: Pick<LocalNode, 'view' | 'transport' | 'subjects' | 'nodeId'>,
  request: ViewRequest,
): Promise<ViewRequestOutcome> {
  const leader = view.controlLeader();
  if (leader === undefined || leader.ageMs > viewTiming.silentMs) return { ok: false, code: 'no-leader' };
  try {
    const answer = await transport.request(
      subjects.viewRequest(leader.node, nodeId),
      encodeJson({ v: 1, ...request }),
      { timeoutMs: requestMs },
    );
    return readAnswer(decodeJson(answer)) ?? { ok: false, code: 'unanswered' };
  } catch (error) {
    if (error instanceof NoRespondersError || error instanceof TransportDisconnectedError)
      return { ok: false, code: 'no-leader' };
    if (error instanceof RequestTimeoutError) return { ok: false, code: 'unanswered' };
    throw error;
  }
}

/** Reads a request; undefined for one that this release does not know. */
export function readRequest(payload: Uint8Array): ViewRequest | undefined {
  const { v, action, node } = (decodeJson(payload) ?? {}) as Record<string, unknown>;
  if (v !== 1 || typeof node !== 'string') return undefined;
  return action === 'drain' || action === 'leave' ? { action, node } : undefined;
}

/** Undefined: this node does not lead. */
export function encodeOutcome(answer: ViewRequestAnswer | undefined): Uint8Array {
  return encodeJson(answer ?? { ok: false, code: 'no-leader' });
}

function readAnswer(value: unknown): ViewRequestOutcome | undefined {
  const { ok, epoch, state, code } = (value ?? {}) as Record<string, unknown>;
  if (ok === true && typeof epoch === 'number' && typeof state === 'string')
    return { ok, epoch, state: state as ViewMemberState };
  if (code === 'unknown-node' || code === 'already-ended' || code === 'no-leader') return { ok: false, code };
  return undefined;
}

function encodeJson(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function decodeJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}
