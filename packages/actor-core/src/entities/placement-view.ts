import type { LocalNode } from '../membership/local-node.ts';
import type { MemberMetadata } from '../membership/member-metadata.ts';
import type { MemberEvidence } from '../membership/presence.ts';
import { isTakingPart, type View, type ViewMember } from '../membership/view/view.ts';
import type { Hosting } from './hosting.ts';
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
  /** Types of entities that the member holds, as it announces them. */
  readonly types: ReadonlySet<string>;
  /** Whether this node hears it. Messages for an unreachable member wait; placement does not depend on it. */
  readonly isReachable: boolean;
}

/** The newest view, and its changes. */
export interface PlacementViews {
  current(): PlacementView;
  /** Calls `listener` after each change. Returns the unsubscriber. */
  onChange(listener: () => void): () => void;
}

/**
 * The views of the control leader as this node receives them. Until there is one, and in clusters without a control
 * leader, the members that this node hears.
 */
export function clusterViews(
  { view, presence }: Pick<LocalNode, 'view' | 'presence'>,
  hosting: Hosting,
): PlacementViews {
  let known: PlacementView | undefined;
  const read = (): PlacementView => placementView(view.current(), presence.members(), hosting);
  return {
    current: () => (known ??= read()),
    onChange(listener) {
      const changed = () => {
        known = undefined;
        listener();
      };
      const ends = [presence.onChange(changed), view.onChange(changed), hosting.onChange(changed)];
      return () => ends.forEach((end) => end());
    },
  };
}

/** The view as placement sees it, joined with what this node hears of the members, and what they hold. */
export function placementView(
  view: View | undefined,
  evidence: readonly MemberEvidence[],
  hosting: Pick<Hosting, 'of'>,
): PlacementView {
  const heard = evidence.filter(({ state }) => state === 'alive');
  const listed: readonly ListedMember[] =
    view === undefined
      ? heard.map(({ node, metadata = {}, ...rest }) => ({ ...rest, id: node, state: 'up', metadata }))
      : view.members.filter(isTakingPart);
  const incarnations = new Map(heard.map(({ node, incarnation }) => [node, incarnation]));
  const members = listed.map(({ id, incarnation, state, roles, metadata }): PlacementMember => {
    const hosted = hosting.of(id, incarnation);
    return {
      id,
      incarnation,
      state: state === 'up' && hosted?.isDraining !== true ? 'up' : 'leaving',
      roles,
      metadata,
      types: hosted?.types ?? noTypes,
      isReachable: (incarnations.get(id) ?? 0) >= incarnation,
    };
  });
  return { epoch: view?.epoch ?? 0, members };
}

type ListedMember = Pick<ViewMember, 'id' | 'incarnation' | 'state' | 'roles' | 'metadata'>;

const noTypes: ReadonlySet<string> = new Set();
