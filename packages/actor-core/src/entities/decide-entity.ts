import type { EntityPlace } from './entity-store.ts';
import type { Fence } from '../fence/fence.ts';
import type { Holder } from './entity-placement.ts';
import type { OwnerSeen, OwnerState } from './owner-record.ts';

/**
 * The life of one entity on one node, from the first message that reaches the node to the moment at which the node has
 * nothing to do with the entity. A pure reducer; `EntityHost` performs the effects and keeps the messages that wait.
 *
 *   looking → claiming → active → stopping → releasing → gone
 *      ↓         ↓                    (or looking again, for messages that came meanwhile)
 *   forwarded  waiting (store away, owner unreachable) → looking
 *
 * - An entity becomes active only after its owner record was written, with the sequence that was read before. Of two
 *   nodes that claim at the same time one loses and looks again.
 * - Messages wait on the node that stops the entity until the record is given up; then they follow the entity.
 * - A node that has lost the entity to another one writes nothing: its waiting messages are forwarded.
 */
export interface EntityState {
  readonly phase: EntityPhase;
  /** What happens to the entity once it has stopped; undefined while nothing ends it. */
  readonly plan: EndPlan | undefined;
  /** What is wanted without a message. */
  readonly intent: Intent | undefined;
  /** The fence of this activation, once it was taken. */
  readonly fence: Fence | undefined;
  /** Failed attempts in a row. */
  readonly failures: number;
  /** Instant at which a waiting entity is looked at again. */
  readonly dueAtMs: number;
}

/**
 * `looking`: the owner record is read · `claiming`: the record is written · `active`: the actor runs · `stopping`: the
 * actor finishes · `releasing`: the record is given up · `waiting`: nothing can be done before `dueAtMs`.
 */
export type EntityPhase = 'looking' | 'claiming' | 'active' | 'stopping' | 'releasing' | 'waiting';

/**
 * Why an activation ends. `passive`: idle, or it stopped itself · `moving`: another node takes it · `removed`: its
 * records are deleted · `failed`: it failed too often · `lost`: another activation owns the entity.
 */
export type EndPlan = 'passive' | 'moving' | 'removed' | 'failed' | 'lost';

/** `start`: the entity is to be active · `remove`: its records are to be deleted. */
export type Intent = 'start' | 'remove';

export type EntityEvent =
  /** The owner record was read. */
  | {
      readonly type: 'looked';
      readonly place: EntityPlace;
      readonly seen: OwnerSeen;
      readonly holder: Holder;
    }
  /** A read or a write failed, or its outcome is unknown. */
  | { readonly type: 'store-failed' }
  | { readonly type: 'claimed'; readonly fence: Fence }
  | { readonly type: 'claim-lost' }
  /** The activation is to end. */
  | { readonly type: 'end'; readonly plan: EndPlan }
  /** The actor of the entity has ended. */
  | { readonly type: 'ended'; readonly isFailed: boolean }
  | { readonly type: 'released'; readonly isOwn: boolean }
  | { readonly type: 'tick' };

/** What a decision is made with. */
export interface EntityFacts {
  readonly nowMs: number;
  readonly nodeId: string;
  /** Whether this node may hold entities of the type now. */
  readonly mayHold: boolean;
  /** The node that the placement names; undefined where no member may hold the entity. */
  readonly placed: string | undefined;
  /** Whether that node can be reached. */
  readonly isPlacedReachable: boolean;
  /** Messages that wait here. */
  readonly waiting: number;
  /** Whether some message or intent was forwarded so often that it must not be forwarded again. */
  readonly isTired: boolean;
  /** Whether the entity is active again after a move, without a message. */
  readonly isLasting: boolean;
}

export type EntityEffect =
  | { readonly do: 'look' }
  | { readonly do: 'claim'; readonly place: EntityPlace; readonly seen: OwnerSeen }
  /** Start the actor, and give it the waiting messages. */
  | { readonly do: 'start'; readonly fence: Fence }
  /** Stop the actor in order, and take its waiting messages back. */
  | { readonly do: 'stop' }
  | { readonly do: 'release'; readonly fence: Fence; readonly state: OwnerState }
  /** Report how an activation ended. */
  | { readonly do: 'report'; readonly ended: EndPlan }
  /** Send the waiting messages to that node, and the intent if there is one. Tired ones stay, and are rested. */
  | { readonly do: 'forward'; readonly node: string; readonly intent: Intent | undefined };

export interface EntityDecision {
  /** Undefined: this node has nothing more to do with the entity. */
  readonly state: EntityState | undefined;
  readonly effects: readonly EntityEffect[];
}

const firstBackoffMs = 50;
const maxBackoffMs = 2_000;
/** Claims that are lost in a row without a pause. */
const quickClaims = 2;
/** Attempts to give a record up. After them the record stays, and the next message that finds it corrects it. */
const releaseAttempts = 6;
/** Pause before an entity that failed too often is activated again. */
const failedPauseMs = 5_000;

/** A message for the entity, or an intent, has reached this node. */
export function beginEntity(intent: Intent | undefined): EntityDecision {
  return look({
    phase: 'looking',
    plan: undefined,
    intent,
    fence: undefined,
    failures: 0,
    dueAtMs: 0,
  });
}

/** @returns what follows; an event that does not belong to the phase changes nothing */
export function decideEntity(state: EntityState, event: EntityEvent, facts: EntityFacts): EntityDecision {
  switch (event.type) {
    case 'looked':
      return state.phase === 'looking' ? decideLooked(state, event, facts) : unchanged(state);
    case 'claimed':
      return state.phase === 'claiming' ? decideClaimed(state, event.fence, facts) : unchanged(state);
    case 'claim-lost':
      return state.phase === 'claiming' ? decideClaimLost(state, facts) : unchanged(state);
    case 'store-failed':
      return decideStoreFailed(state, facts);
    case 'end':
      return decideEnd(state, event.plan);
    case 'ended':
      return decideEnded(state, event.isFailed, facts);
    case 'released':
      return state.phase === 'releasing' ? decideReleased(state, event.isOwn, facts) : unchanged(state);
    default:
      return decideTick(state, facts);
  }
}

function decideLooked(
  state: EntityState,
  { place, seen, holder }: Extract<EntityEvent, { type: 'looked' }>,
  facts: EntityFacts,
): EntityDecision {
  if (holder.kind === 'other') {
    // Its messages wait here until the node can be reached, or the view says that it has ended.
    if (!holder.isReachable) return wait(state, facts);
    return forward(state, holder.node, facts);
  }
  // What this node owns and may no longer hold is claimed too: only the owner can give it up.
  const isHere =
    holder.kind === 'self' || (facts.mayHold && (facts.isTired || facts.placed === facts.nodeId));
  if (isHere) return { state: { ...state, phase: 'claiming' }, effects: [{ do: 'claim', place, seen }] };
  if (facts.placed === undefined || facts.placed === facts.nodeId) return wait(state, facts);
  if (!facts.isPlacedReachable) return wait(state, facts);
  return forward(state, facts.placed, facts);
}

function forward(state: EntityState, node: string, facts: EntityFacts): EntityDecision {
  const effect: EntityEffect = { do: 'forward', node, intent: facts.isTired ? undefined : state.intent };
  if (!facts.isTired) return { state: undefined, effects: [effect] };
  const waiting = wait(state, facts);
  return { state: waiting.state, effects: [effect] };
}

function decideClaimed(state: EntityState, fence: Fence, facts: EntityFacts): EntityDecision {
  const owned: EntityState = { ...state, fence, failures: 0 };
  if (state.intent === 'remove') return release(owned, 'removed', fence);
  if (!facts.mayHold) return release(owned, 'moving', fence);
  return {
    state: { ...owned, phase: 'active', plan: undefined, intent: undefined },
    effects: [{ do: 'start', fence }],
  };
}

function decideClaimLost(state: EntityState, facts: EntityFacts): EntityDecision {
  const failures = state.failures + 1;
  if (failures <= quickClaims) return look({ ...state, failures });
  return wait(state, facts);
}

function decideStoreFailed(state: EntityState, facts: EntityFacts): EntityDecision {
  if (state.phase === 'looking' || state.phase === 'claiming') return wait(state, facts);
  if (state.phase !== 'releasing') return unchanged(state);
  const failures = state.failures + 1;
  if (failures >= releaseAttempts) return over(state, facts);
  return { state: { ...state, failures, dueAtMs: facts.nowMs + backoffMs(failures) }, effects: [] };
}

function decideEnd(state: EntityState, plan: EndPlan): EntityDecision {
  if (state.phase === 'active')
    return { state: { ...state, phase: 'stopping', plan }, effects: [{ do: 'stop' }] };
  // Once lost, always lost; anything else was begun before.
  if (state.phase === 'stopping' && plan === 'lost') return { state: { ...state, plan }, effects: [] };
  return unchanged(state);
}

function decideEnded(state: EntityState, isFailed: boolean, facts: EntityFacts): EntityDecision {
  if (state.phase !== 'active' && state.phase !== 'stopping') return unchanged(state);
  const plan = state.plan ?? (isFailed ? 'failed' : 'passive');
  if (plan === 'lost' || state.fence === undefined) return reported('lost', over(state, facts));
  return release(state, plan, state.fence);
}

function decideReleased(state: EntityState, isOwn: boolean, facts: EntityFacts): EntityDecision {
  if (!isOwn) return reported('lost', over(state, facts));
  const plan = state.plan ?? 'passive';
  if (plan === 'failed') return reported(plan, { state: afterFailure(state, facts), effects: [] });
  const isToStart = plan === 'moving';
  const intent = plan === 'removed' ? undefined : isToStart ? 'start' : state.intent;
  return reported(plan, over({ ...state, intent }, facts));
}

/** An entity that failed too often is left alone for a while, whatever is sent to it. */
function afterFailure(state: EntityState, { isLasting, nowMs }: EntityFacts): EntityState {
  return {
    ...state,
    phase: 'waiting',
    plan: undefined,
    fence: undefined,
    intent: isLasting ? 'start' : state.intent,
    dueAtMs: nowMs + failedPauseMs,
  };
}

function reported(ended: EndPlan, { state, effects }: EntityDecision): EntityDecision {
  return { state, effects: [{ do: 'report', ended }, ...effects] };
}

/** The activation is over: forgotten, unless messages came meanwhile or something is wanted. */
function over(state: EntityState, facts: EntityFacts): EntityDecision {
  const next: EntityState = { ...state, plan: undefined, fence: undefined, failures: 0 };
  if (facts.waiting === 0 && state.intent === undefined) return { state: undefined, effects: [] };
  return look(next);
}

function decideTick(state: EntityState, facts: EntityFacts): EntityDecision {
  if (facts.nowMs < state.dueAtMs) return unchanged(state);
  if (state.phase === 'releasing' && state.failures > 0 && state.fence !== undefined)
    return release(state, state.plan ?? 'passive', state.fence);
  if (state.phase !== 'waiting') return unchanged(state);
  if (facts.waiting === 0 && state.intent === undefined) return { state: undefined, effects: [] };
  return look(state);
}

function look(state: EntityState): EntityDecision {
  return { state: { ...state, phase: 'looking' }, effects: [{ do: 'look' }] };
}

function wait(state: EntityState, { nowMs }: EntityFacts): EntityDecision {
  const failures = state.failures + 1;
  return {
    state: { ...state, phase: 'waiting', failures, dueAtMs: nowMs + backoffMs(failures) },
    effects: [],
  };
}

function release(state: EntityState, plan: EndPlan, fence: Fence): EntityDecision {
  return {
    state: { ...state, phase: 'releasing', plan, dueAtMs: Number.POSITIVE_INFINITY },
    effects: [{ do: 'release', fence, state: stateAfter(plan) }],
  };
}

function stateAfter(plan: EndPlan): OwnerState {
  return plan === 'moving' || plan === 'removed' ? plan : 'passive';
}

function unchanged(state: EntityState): EntityDecision {
  return { state, effects: [] };
}

function backoffMs(failures: number): number {
  return Math.min(firstBackoffMs * 2 ** (failures - 1), maxBackoffMs);
}
