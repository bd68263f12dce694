import type { MemberEvidence, Presence } from '../presence.ts';
import type { ClusterView } from './cluster-view.ts';
import { endedIncarnation, isTakingPart, memberOf, type View } from './view.ts';

/**
 * What has become of another node. This is where evidence and view meet: actors, watches, leases and registry entries
 * of a node end with its fate `ended` (or `lost`), and with nothing else.
 */
export interface NodeFate {
  readonly node: string;
  readonly incarnation: number;
  readonly fate: Fate;
}

export type Fate =
  /** This incarnation runs; earlier ones have ended. */
  | 'runs'
  /**
   * This incarnation takes part again: the log has lost the view in which it had ended, before its process read that
   * view.
   */
  | 'revived'
  /** Unreachable, and in no view. It counts as ended until it is heard again. */
  | 'lost'
  /** This incarnation and earlier ones have ended for good. */
  | 'ended';

/**
 * Fate that follows from a change of presence; undefined where nothing follows.
 *
 * A member of the view that is unreachable takes part until the view says otherwise. A node without a view (no control
 * leader, or a node of release 0.3.0, which reads no view) is judged by presence alone.
 */
export function fateByPresence(
  { node, incarnation, state }: MemberEvidence,
  view: View | undefined,
): NodeFate | undefined {
  if (state === 'left') return { node, incarnation, fate: 'ended' };
  const isOver = hasEnded(view, node, incarnation);
  if (state === 'alive') return isOver ? undefined : { node, incarnation, fate: 'runs' };
  if (isOver || isMember(view, node, incarnation)) return undefined;
  return { node, incarnation, fate: 'lost' };
}

/** Whether the view says that this incarnation of the node has ended. */
export function hasEnded(view: View | undefined, node: string, incarnation: number): boolean {
  return view !== undefined && incarnation <= endedIncarnation(view, node);
}

/** Whether the view lists this incarnation as taking part. */
function isMember(view: View | undefined, node: string, incarnation: number): boolean {
  const member = view && memberOf(view, node);
  return member !== undefined && isTakingPart(member) && member.incarnation === incarnation;
}

/** Whether the view lists some incarnation of the node as taking part. */
export function isListed(view: View | undefined, node: string): boolean {
  const member = view && memberOf(view, node);
  return member !== undefined && isTakingPart(member);
}

/** Fates that follow from a newer view. */
export function fatesByView(before: View | undefined, after: View): NodeFate[] {
  const fates: NodeFate[] = [];
  for (const member of after.members) {
    const { id: node, incarnation } = member;
    const known = before && memberOf(before, node);
    const fate = isTakingPart(member) ? 'runs' : 'ended';
    const isRevived = fate === 'runs' && hasEnded(before, node, incarnation);
    const wasSame = known?.incarnation === incarnation && (isTakingPart(known) ? 'runs' : 'ended') === fate;
    if (!wasSame) fates.push({ node, incarnation, fate: isRevived ? 'revived' : fate });
  }
  for (const { id: node, incarnation } of after.ended)
    if (before === undefined || endedIncarnation(before, node) < incarnation)
      fates.push({ node, incarnation, fate: 'ended' });
  return fates;
}

/** Reports the fates of all other nodes from now on. Returns the unsubscriber. */
export function followFates(
  {
    nodeId,
    presence,
    view,
  }: {
    readonly nodeId: string;
    readonly presence: Presence;
    readonly view: ClusterView;
  },
  report: (fate: NodeFate) => void,
): () => void {
  let seen = view.current();
  const tell = (fate: NodeFate | undefined): void => {
    if (fate !== undefined && fate.node !== nodeId) report(fate);
  };
  const ends = [
    presence.onChange((member) => tell(fateByPresence(member, view.current()))),
    view.onChange((after) => {
      const before = seen;
      seen = after;
      for (const fate of fatesByView(before, after)) tell(fate);
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}
