import { askLeader, type LeaderAnswer, type NoAnswer } from '../leadership/leader-request.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { viewTiming } from '../membership/view/cluster-view.ts';
import type { ViewRequest, ViewRequestAnswer } from '../membership/view/decide-view.ts';
import type { ViewMemberState } from '../membership/view/view.ts';

/** What became of a request to change the view. */
export type ViewRequestOutcome = ViewRequestAnswer | NoAnswer;

/**
 * Asks the control leader to drain a node or to have it leave. Resolves when the view with the new state is written.
 * Only nodes of the roles `gateway` and `host` may ask.
 */
export async function requestView(
  node: Pick<LocalNode, 'view' | 'transport' | 'subjects' | 'nodeId'>,
  request: ViewRequest,
): Promise<ViewRequestOutcome> {
  const leader = node.view.controlLeader();
  if (leader === undefined || leader.ageMs > viewTiming.silentMs) return { ok: false, code: 'no-leader' };
  return readAnswer(await askLeader(node, leader.node, request));
}

/** Reads a request; undefined for one of another kind. */
export function readRequest({ action, node }: LeaderAnswer): ViewRequest | undefined {
  if (typeof node !== 'string') return undefined;
  return action === 'drain' || action === 'leave' ? { action, node } : undefined;
}

function readAnswer({ ok, epoch, state, code }: LeaderAnswer): ViewRequestOutcome {
  if (ok === true && typeof epoch === 'number' && typeof state === 'string')
    return { ok, epoch, state: state as ViewMemberState };
  if (code === 'unknown-node' || code === 'already-ended' || code === 'no-leader') return { ok: false, code };
  return { ok: false, code: 'unanswered' };
}
