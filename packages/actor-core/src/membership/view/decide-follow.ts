import { viewTiming } from './cluster-view.ts';
import { applyChanges, digestOf, type View } from './view.ts';
import type { ViewAnnouncement } from './view-codec.ts';

/** What a follower knows of the control leader and its views. */
export interface FollowState {
  readonly view: View | undefined;
  /** The leader of the highest fencing token that was heard. */
  readonly leader: { readonly node: string; readonly fence: number; readonly heardAtMs: number } | undefined;
  /** When the view was last taken, or announced as it is. */
  readonly agreedAtMs: number;
}

/** What to do about an announcement. */
export interface FollowDecision {
  readonly state: FollowState;
  /** The node to ask for the whole view. */
  readonly ask?: string;
}

export const initialFollow: FollowState = { view: undefined, leader: undefined, agreedAtMs: 0 };

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
    return digestOf(view) === announcement.digest
      ? { state: { ...next, agreedAtMs: nowMs } }
      : { state: next, ask: from };
  // A late announcement of the same leader; or the log was rolled back, and has issued the fence again.
  if (view.fence === announcement.fence && view.epoch > announcement.epoch)
    return isDoubted(state, nowMs) ? { state: next, ask: from } : { state: next };
  const changed = changedView(view, announcement);
  if (changed === undefined) return { state: next, ask: from };
  return { state: { ...next, view: changed, agreedAtMs: nowMs } };
}

/** The whole view has arrived from a node that was asked. An answer that was overtaken is not used. */
export function decideAnswered(state: FollowState, from: string, view: View, nowMs: number): FollowState {
  const { leader, view: known } = state;
  if (leader === undefined || leader.node !== from || leader.fence !== view.fence) return state;
  const isOlder = known !== undefined && known.fence === view.fence && known.epoch > view.epoch;
  return isOlder && !isDoubted(state, nowMs) ? state : { ...state, view, agreedAtMs: nowMs };
}

/** This view was not announced for `forgetMs`: the log may have lost it. */
export function isDoubted({ agreedAtMs }: FollowState, nowMs: number): boolean {
  return nowMs - agreedAtMs >= viewTiming.forgetMs;
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
