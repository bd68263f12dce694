import { viewTiming } from './cluster-view.ts';
import { applyChanges, digestOf, type View } from './view.ts';
import type { ViewAnnouncement } from './view-codec.ts';

/** What a follower knows of the control leader and its views. */
export interface FollowState {
  readonly view: View | undefined;
  /** The leader of the highest fencing token that was heard. */
  readonly leader: { readonly node: string; readonly fence: number; readonly heardAtMs: number } | undefined;
}

/** What to do about an announcement. */
export interface FollowDecision {
  readonly state: FollowState;
  /** The node to ask for the whole view. */
  readonly ask?: string;
}

export const initialFollow: FollowState = { view: undefined, leader: undefined };

/**
 * Believes only the leader of the highest fencing token so far: an earlier leader that has not noticed its end changes
 * nothing. Changes are applied to the view that they follow; where they do not fit, the whole view is asked for.
 */
export function decideAnnounced(
  state: FollowState,
  from: string,
  announcement: ViewAnnouncement,
  nowMs: number,
): FollowDecision {
  if (!isBelieved(state.leader, from, announcement.fence, nowMs)) return { state };
  const next: FollowState = {
    ...state,
    leader: { node: from, fence: announcement.fence, heardAtMs: nowMs },
  };
  const { view } = state;
  if (view === undefined) return { state: next, ask: from };
  if (view.fence === announcement.fence && view.epoch === announcement.epoch)
    return digestOf(view) === announcement.digest ? { state: next } : { state: next, ask: from };
  // A late announcement of the same leader.
  if (view.fence === announcement.fence && view.epoch > announcement.epoch) return { state: next };
  const changed = changedView(view, announcement);
  return changed === undefined ? { state: next, ask: from } : { state: { ...next, view: changed } };
}

/** The whole view has arrived from a node that was asked. An answer that was overtaken is not used. */
export function decideAnswered(state: FollowState, from: string, view: View): FollowState {
  const { leader, view: known } = state;
  if (leader === undefined || leader.node !== from || leader.fence !== view.fence) return state;
  const isOvertaken = known !== undefined && known.fence === view.fence && known.epoch > view.epoch;
  return isOvertaken ? state : { ...state, view };
}

function isBelieved(leader: FollowState['leader'], from: string, fence: number, nowMs: number): boolean {
  if (leader === undefined || fence > leader.fence) return true;
  if (fence === leader.fence) return from === leader.node;
  return nowMs - leader.heardAtMs >= viewTiming.forgetMs;
}

function changedView(view: View, { changes, epoch, fence, digest }: ViewAnnouncement): View | undefined {
  if (changes === undefined || epoch !== view.epoch + 1) return undefined;
  const changed = applyChanges(view, changes, fence);
  return digestOf(changed) === digest ? changed : undefined;
}
