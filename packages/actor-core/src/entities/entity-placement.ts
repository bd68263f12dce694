import type { EntityId } from './entity-id.ts';
import { entityName } from './entity-id.ts';
import type { EntityType } from './entity-definition.ts';
import type { OwnerSeen } from './owner-record.ts';
import type { PlacementMember, PlacementView } from './placement-view.ts';
import { rendezvous } from '../membership/rendezvous.ts';

/** What is known of the node that an owner record names. */
export type Holder =
  /** The entity has no owner: it was given up, or its owner has ended. */
  | { readonly kind: 'free' }
  | { readonly kind: 'self' }
  | { readonly kind: 'other'; readonly node: string; readonly isReachable: boolean };

/** Whether the member may hold entities of the type. */
export function mayHold({ state, roles, types }: PlacementMember, { role, type }: EntityType): boolean {
  return state === 'up' && roles.includes(role) && types.has(type);
}

/** The member that gets the entity, the same on every node with this view; undefined where no member may hold it. */
export function placementOf(id: EntityId, type: EntityType, view: PlacementView): string | undefined {
  const candidates = view.members.filter((member) => mayHold(member, type));
  return rendezvous(
    entityName(id),
    candidates.map((member) => ({ id: member.id, weight: type.weight(member) })),
  );
}

/**
 * Who holds the entity by its owner record. A member keeps what it owns until the view no longer has it. An owner that
 * this view does not know yet is no ended owner: where the record is newer than the view, the view has to catch up.
 */
export function holderOf(
  { record }: OwnerSeen,
  view: PlacementView,
  self: { readonly nodeId: string; readonly incarnation: number },
): Holder {
  if (record === undefined || record.state !== 'active') return { kind: 'free' };
  const { node, incarnation } = record;
  if (node === self.nodeId && incarnation === self.incarnation) return { kind: 'self' };
  const member = view.members.find(({ id }) => id === node);
  const known = node === self.nodeId ? self.incarnation : (member?.incarnation ?? 0);
  // A newer incarnation is proof, whatever the epochs are: they begin anew where the log of the views was lost.
  if (known > incarnation) return { kind: 'free' };
  // So is a member of this view: its record may have an epoch of a view that the log has lost.
  if (known === incarnation) return { kind: 'other', node, isReachable: member?.isReachable === true };
  const isAhead = record.epoch > view.epoch || known > 0;
  return isAhead ? { kind: 'other', node, isReachable: false } : { kind: 'free' };
}
