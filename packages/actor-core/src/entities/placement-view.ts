import type { LocalNode } from '../membership/local-node.ts';
import type { MemberMetadata } from '../membership/member-metadata.ts';
import type { MemberEvidence } from '../membership/presence.ts';
import { isTakingPart, type View } from '../membership/view/view.ts';
import type { Role } from '../transport/roles.ts';

/** The members of the cluster that placement works with. Nodes with the same epoch compute the same placement. */
export interface PlacementView {
  /** Grows with each view of the cluster. 0 where a node made the view by itself, without a control leader. */
  readonly epoch: number;
  readonly members: readonly PlacementMember[];
}

/** One member, as placement sees it. */
export interface PlacementMember {
  readonly id: string;
  readonly incarnation: number;
  /** `up`: may get entities · `leaving`: keeps what it has until that has moved. */
  readonly state: 'up' | 'leaving';
  readonly roles: readonly Role[];
  /** What the member stated about itself when it joined, such as its capacity. */
  readonly metadata: MemberMetadata;
  /** Whether this node hears it. Messages for an unreachable member wait; placement does not depend on it. */
  readonly isReachable: boolean;
}

/** The newest view, and its changes. */
export interface PlacementViews {
  current(): PlacementView;
  /** That incarnation of the node takes no entities any more. */
  markDraining(node: string, incarnation: number): void;
  /** Calls `listener` after each change. Returns the unsubscriber. */
  onChange(listener: () => void): () => void;
}

/**
 * The views of the control leader as this node receives them. Until there is one, and in clusters without a control
 * leader, the members that this node hears.
 */
export function clusterViews({ view, presence }: Pick<LocalNode, 'view' | 'presence'>): PlacementViews {
  let known: PlacementView | undefined;
  const draining = new Map<string, number>();
  const listeners = new Set<() => void>();
  const changed = () => {
    known = undefined;
    for (const listener of listeners) listener();
  };
  const read = (): PlacementView => {
    const { epoch, members } = placementView(view.current(), presence.members());
    const marked = members.map((member): PlacementMember => {
      const isDraining = draining.get(member.id) === member.incarnation;
      return isDraining ? { ...member, state: 'leaving' } : member;
    });
    return { epoch, members: marked };
  };
  return {
    current: () => (known ??= read()),
    markDraining(node, incarnation) {
      if ((draining.get(node) ?? 0) >= incarnation) return;
      draining.set(node, incarnation);
      changed();
    },
    onChange(listener) {
      listeners.add(listener);
      const ends = [presence.onChange(changed), view.onChange(changed)];
      return () => {
        listeners.delete(listener);
        for (const end of ends) end();
      };
    },
  };
}

/** The view as placement sees it, joined with what this node hears of the members. */
export function placementView(view: View | undefined, evidence: readonly MemberEvidence[]): PlacementView {
  const heard = evidence.filter(({ state }) => state === 'alive');
  if (view === undefined)
    return {
      epoch: 0,
      members: heard.map(({ node, incarnation, roles, metadata = {} }) => ({
        id: node,
        incarnation,
        state: 'up',
        roles,
        metadata,
        isReachable: true,
      })),
    };
  const incarnations = new Map(heard.map(({ node, incarnation }) => [node, incarnation]));
  return {
    epoch: view.epoch,
    members: view.members.filter(isTakingPart).map(({ id, incarnation, state, roles, metadata }) => ({
      id,
      incarnation,
      state: state === 'up' ? 'up' : 'leaving',
      roles,
      metadata,
      isReachable: (incarnations.get(id) ?? 0) >= incarnation,
    })),
  };
}
