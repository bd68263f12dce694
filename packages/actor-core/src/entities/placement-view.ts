import type { LocalNode } from '../membership/local-node.ts';
import type { MemberEvidence } from '../membership/presence.ts';
import type { Role } from '../transport/roles.ts';

/** The members of the cluster that placement works with. Nodes with the same epoch compute the same placement. */
export interface PlacementView {
  /** Grows with each view of the cluster. 0 where a node made the view by itself. */
  readonly epoch: number;
  readonly members: readonly PlacementMember[];
}

/** One member, as placement sees it. */
export interface PlacementMember {
  readonly id: string;
  readonly incarnation: number;
  /**
   * `up`: may get entities · `leaving`: keeps what it has until that has moved · `unreachable`: neither reachable nor
   * known to have ended: keeps what it has.
   */
  readonly state: 'up' | 'leaving' | 'unreachable';
  readonly roles: readonly Role[];
  /** What the member states about its size, in the words of the application. */
  readonly capacity: Readonly<Record<string, number>>;
}

/** The newest view, and its changes. */
export interface PlacementViews {
  current(): PlacementView;
  /** Calls `listener` after each change. Returns the unsubscriber. */
  onChange(listener: () => void): () => void;
}

/** The view of one node by itself, from what it hears of the others. */
export function presenceViews({ presence }: Pick<LocalNode, 'presence'>): PlacementViews {
  let members = membersOf(presence.members());
  return {
    current: () => ({ epoch: 0, members }),
    onChange(listener) {
      return presence.onChange(() => {
        members = membersOf(presence.members());
        listener();
      });
    },
  };
}

function membersOf(evidence: readonly MemberEvidence[]): PlacementMember[] {
  return evidence
    .filter(({ state }) => state === 'alive')
    .map(({ node, incarnation, roles }) => ({ id: node, incarnation, state: 'up', roles, capacity: {} }));
}
