import type { ActorRef } from '../actor/actor-ref.ts';
import type { LocalNode } from '../membership/local-node.ts';
import type { Activation, TypeSupervisor } from './activation.ts';
import type { EntityDecision, EntityFacts, EntityState, Intent } from './decide-entity.ts';
import type { EntityType } from './entity-definition.ts';
import { type EntityId, entityName } from './entity-id.ts';
import { mayHold, placementOf } from './entity-placement.ts';
import type { EntityPlace } from './entity-store.ts';
import type { PlacementView } from './placement-view.ts';
import { maxHops, type WaitingMessage } from './waiting-message.ts';

/** A type that was started on this node. */
export interface StartedType {
  readonly type: EntityType;
  /** The parent of its entities; undefined until it runs. */
  supervisor: TypeSupervisor | undefined;
}

/** An entity that this node has something to do with. */
export interface EntitySlot {
  readonly id: EntityId;
  readonly name: string;
  readonly started: StartedType;
  state: EntityState;
  waiting: WaitingMessage[];
  activation: Activation | undefined;
  /** Number of the newest activation here. */
  number: number;
  /** Whether the activation before the newest one was given up in order. */
  isHandedOver: boolean;
  /** Where its records are, once that is known. */
  place: EntityPlace | undefined;
  /** Instant of the last message. */
  usedAtMs: number;
  intentHops: number;
  /** Those that wait until its records are deleted. */
  removers: ActorRef<Intent>[];
  /** Why it is not available, for people. */
  trouble: string;
}

const nothingWrong = 'it was not activated in time';

/** An entity with which this node has just got something to do. */
export function createSlot(
  id: EntityId,
  started: StartedType,
  { state }: EntityDecision,
  begun: Pick<EntitySlot, 'intentHops' | 'usedAtMs'>,
): EntitySlot {
  return {
    id,
    name: entityName(id),
    started,
    state: state as EntityState,
    waiting: [],
    activation: undefined,
    number: 0,
    isHandedOver: false,
    place: undefined,
    removers: [],
    trouble: nothingWrong,
    ...begun,
  };
}

/** The node on which a decision about an entity is made. */
export interface DecidingNode {
  readonly node: Pick<LocalNode, 'nodeId' | 'incarnation' | 'clock'>;
  readonly view: PlacementView;
  readonly isDraining: boolean;
}

/** What a decision about an entity is made with. */
export function factsOf(slot: EntitySlot, { node, view, isDraining }: DecidingNode): EntityFacts {
  const { nodeId, incarnation, clock } = node;
  const { type, supervisor } = slot.started;
  const self = view.members.find((member) => member.id === nodeId && member.incarnation === incarnation);
  const isTired =
    slot.waiting.some(({ hops }) => hops >= maxHops) ||
    (slot.state.intent !== undefined && slot.intentHops >= maxHops);
  // A node that drains places entities as if it had gone.
  const members = isDraining ? view.members.filter(({ id }) => id !== nodeId) : view.members;
  const placed = placementOf(slot.id, type, { ...view, members });
  return {
    nowMs: clock.now(),
    nodeId,
    mayHold: !isDraining && supervisor !== undefined && self !== undefined && mayHold(self, type),
    placed,
    isPlacedReachable: members.some(({ id, isReachable }) => id === placed && isReachable),
    waiting: slot.waiting.length,
    isTired,
    isLasting: type.remember || type.keep.has(slot.id.key),
  };
}
