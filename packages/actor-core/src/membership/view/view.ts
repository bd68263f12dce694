import type { Role } from '../../transport/roles.ts';
import type { MemberMetadata } from '../member-metadata.ts';

/**
 * The members of the cluster as the control leader has recorded them. All nodes obey the same sequence of views, so a
 * decision that follows from a view, such as where an entity runs, is the same on every node that has this view.
 */
export interface View {
  /** Number of the view. Each view that the control leader writes has the next one. */
  readonly epoch: number;
  /** Fencing token of the control leader that wrote the view. */
  readonly fence: number;
  /** All members, sorted by id: those that take part, and for ten minutes those that have ended. */
  readonly members: readonly ViewMember[];
  /** Newest ended incarnation of nodes that are no longer listed, oldest first; at most `maxEnded`. */
  readonly ended: readonly EndedMember[];
}

/** One node of the view, in one incarnation. */
export interface ViewMember {
  readonly id: string;
  readonly incarnation: number;
  readonly state: ViewMemberState;
  readonly roles: readonly Role[];
  /** What the node stated about itself when it joined. */
  readonly metadata: MemberMetadata;
}

/**
 * What a member does in the cluster.
 *
 * - `up`: takes part. It may be unreachable at the moment: see `Presence`
 * - `draining`: gets nothing new, gives away what it has, and then leaves
 * - `leaving`: was asked to leave now
 * - `left`: has left in order. This incarnation never comes back
 * - `dead`: was declared dead. This incarnation never comes back: its process stops when it reads this
 */
export type ViewMemberState = 'up' | 'draining' | 'leaving' | 'left' | 'dead';

/** An incarnation that has ended, with all earlier ones of that node. */
export interface EndedMember {
  readonly id: string;
  readonly incarnation: number;
}

/** Most ended incarnations that a view remembers beside its members. */
const maxEnded: number = 1_024;
/** The view of a cluster that has none yet. */
export const emptyView: View = Object.freeze({ epoch: 0, fence: 0, members: [], ended: [] });

/** Changes from one view to the next: members that are new or differ, and ids that are no longer listed. */
export interface ViewChanges {
  readonly set: readonly ViewMember[];
  readonly removed: readonly string[];
}

/** Whether that incarnation of the member takes part: it is `up`, `draining` or `leaving`. */
export function isTakingPart({ state }: ViewMember): boolean {
  return state === 'up' || state === 'draining' || state === 'leaving';
}

/** The members and the ended incarnations of a view by id. */
interface ViewIndex {
  readonly members: ReadonlyMap<string, ViewMember>;
  readonly ended: ReadonlyMap<string, number>;
}

/** Built at the first question about a view: views do not change, and large ones are asked about each member. */
const indexes = new WeakMap<View, ViewIndex>();

function indexOf(view: View): ViewIndex {
  const known = indexes.get(view);
  if (known !== undefined) return known;
  const index = {
    members: new Map(view.members.map((member) => [member.id, member])),
    ended: new Map(view.ended.map(({ id, incarnation }) => [id, incarnation])),
  };
  indexes.set(view, index);
  return index;
}

export function memberOf(view: View, id: string): ViewMember | undefined {
  return indexOf(view).members.get(id);
}

/** Newest incarnation of the node that has ended, as far as the view knows; 0 for none. */
export function endedIncarnation(view: View, id: string): number {
  const member = memberOf(view, id);
  if (member !== undefined) return isTakingPart(member) ? member.incarnation - 1 : member.incarnation;
  return indexOf(view).ended.get(id) ?? 0;
}

/** The view that follows from `view` by these changes, written under the fence. */
export function applyChanges(view: View, changes: ViewChanges, fence: number): View {
  const members = new Map(view.members.map((member) => [member.id, member]));
  const ended = new Map(view.ended.map((one) => [one.id, one.incarnation]));
  for (const member of changes.set) {
    members.set(member.id, member);
    ended.delete(member.id);
  }
  for (const id of changes.removed) {
    const gone = members.get(id);
    if (gone === undefined || !members.delete(id)) continue;
    ended.delete(id);
    ended.set(id, gone.incarnation);
  }
  return {
    epoch: view.epoch + 1,
    fence,
    members: [...members.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    ended: [...ended].slice(-maxEnded).map(([id, incarnation]) => ({ id, incarnation })),
  };
}

/** Short hash of incarnations and states, so that two nodes can compare their views. */
export function digestOf(view: View): number {
  let hash = 0x811c9dc5;
  const add = (text: string): void => {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  };
  for (const { id, incarnation, state } of view.members) add(`${id} ${incarnation} ${state};`);
  for (const { id, incarnation } of view.ended) add(`${id} ${incarnation};`);
  return hash;
}
