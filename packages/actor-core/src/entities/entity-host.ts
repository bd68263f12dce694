import type { ActorRef } from '../actor/actor-ref.ts';
import type { EntityEvent as EntityReport } from '../actor/runtime-event.ts';
import type { Fence } from '../fence/fence.ts';
import { EntityUnavailableError, MailboxFullError } from '../errors.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { localSystemOf } from '../system/local-system.ts';
import {
  decideEntity,
  beginEntity,
  type EntityDecision,
  type EntityEffect,
  type EntityEvent,
  type EndPlan,
  type EntityFacts,
  type Intent,
} from './decide-entity.ts';
import { Activation } from './activation.ts';
import { type EntityId, entityName } from './entity-id.ts';
import { holderOf } from './entity-placement.ts';
import { createSlot, type EntitySlot, factsOf, type StartedType } from './entity-slot.ts';
import type { EntityPlace, EntityStore } from './entity-store.ts';
import type { OwnerRecord, OwnerSeen, OwnerState } from './owner-record.ts';
import type { PlacementViews } from './placement-view.ts';
import { maxHops, type WaitingMessage, waitingOf } from './waiting-message.ts';

/** What the host of a node works with. */
export interface EntityHostOptions {
  readonly node: LocalNode;
  readonly views: PlacementViews;
  readonly store: EntityStore;
  readonly others: OtherNodes;
  /** Called when an entity is neither active nor forgotten: `tick` is needed soon. */
  readonly onUnsettled: () => void;
}

/** The other nodes that hold entities, as the host uses them. */
export interface OtherNodes {
  /** Sends a message that waits here to another node. */
  forward(node: string, slot: EntitySlot, message: WaitingMessage): void;
  /** Passes on what is wanted of an entity. */
  passIntent(node: string, slot: EntitySlot, intent: Intent): void;
  /** Tells the earlier owner that the entity was taken. */
  announceTaken(node: string, slot: EntitySlot, fence: number): void;
}

/** The entities of one node: performs what `decideEntity` decides, and keeps the messages that wait meanwhile. */
export class EntityHost {
  readonly #options: EntityHostOptions;
  readonly #slots = new Map<string, EntitySlot>();
  /** Entities that are neither active nor forgotten. */
  readonly #unsettled = new Set<EntitySlot>();
  /** Active entities by the number of their actor. */
  readonly #byActor = new Map<number, EntitySlot>();
  /** Set once the entities of this node are to move away. */
  isDraining = false;

  constructor(options: EntityHostOptions) {
    this.#options = options;
  }

  /** Entities that this node has something to do with. */
  get slots(): ReadonlyMap<string, EntitySlot> {
    return this.#slots;
  }

  /** Entities that are neither active nor forgotten. */
  get unsettled(): number {
    return this.#unsettled.size;
  }

  /** Gives a message to the entity, or lets it wait here until the entity is active here or known to be elsewhere. */
  offer(started: StartedType, id: EntityId, message: WaitingMessage): void {
    const slot = this.#slots.get(entityName(id));
    if (slot === undefined) return this.#begin(started, id, undefined, message);
    const { activation } = slot;
    if (slot.state.phase === 'active' && activation?.deliver(message) === true) {
      slot.usedAtMs = this.#now();
    } else if (slot.waiting.length >= started.type.maxBuffered) this.#refuseFull(slot, message);
    else slot.waiting.push(message);
  }

  /** Wants the entity to be active, or removed, without a message. */
  intend(started: StartedType, id: EntityId, intent: Intent, hops = 0, replyTo?: ActorRef<Intent>): void {
    const slot = this.#slots.get(entityName(id));
    if (slot === undefined) {
      this.#begin(started, id, intent, undefined, hops);
      const begun = this.#slots.get(entityName(id));
      if (replyTo !== undefined) begun?.removers.push(replyTo);
      return;
    }
    if (replyTo !== undefined) slot.removers.push(replyTo);
    if (intent === 'start') {
      if (slot.state.phase !== 'active') slot.state = { ...slot.state, intent: slot.state.intent ?? 'start' };
      return;
    }
    slot.state = { ...slot.state, intent: 'remove' };
    this.decide(slot, { type: 'end', plan: 'removed' });
  }

  /** Compares an active entity with its owner record: an activation that was replaced without its knowledge ends. */
  async verify(slot: EntitySlot): Promise<void> {
    const { place, state } = slot;
    if (place === undefined || state.fence === undefined) return;
    const { store } = this.#options;
    const { sequence } = await store.look(place);
    if (sequence === state.fence.sequence) return;
    // With a lower sequence the log was lost, or the answer is of a server that lags behind: a write shows which.
    const isOver = sequence > state.fence.sequence || !(await store.holds(place, state.fence));
    if (isOver && slot.state.fence === state.fence) this.lose(slot);
  }

  /** Another node has taken the entity with that fence. */
  taken(id: EntityId, fence: number): void {
    const slot = this.#slots.get(entityName(id));
    if (slot?.state.fence !== undefined && slot.state.fence.sequence < fence) this.lose(slot);
  }

  /** The activation owns the entity no longer. */
  lose(slot: EntitySlot): void {
    slot.activation?.abort();
    this.decide(slot, { type: 'end', plan: 'lost' });
  }

  /** Ends an activation, if there is one. */
  end(slot: EntitySlot, plan: EndPlan): void {
    this.decide(slot, { type: 'end', plan });
  }

  /** An actor of an entity has ended. */
  ended(ref: ActorRef<never>, isFailed: boolean): void {
    const { uid } = ref.address;
    const slot = this.#byActor.get(uid);
    if (slot === undefined) return;
    this.#byActor.delete(uid);
    slot.activation?.ended();
    slot.activation = undefined;
    this.decide(slot, { type: 'ended', isFailed });
  }

  /** Goes on with the entities that wait, and gives up the messages whose time is over. */
  tick(): void {
    const nowMs = this.#now();
    for (const slot of this.#unsettled) {
      this.#giveUpOld(slot, nowMs);
      this.decide(slot, { type: 'tick' });
    }
  }

  /** The members have changed: what waits is looked at at once. A node that is no member loses its entities. */
  viewChanged(): void {
    const { node } = this.#options;
    const isMember = this.#options.views
      .current()
      .members.some(({ id, incarnation }) => id === node.nodeId && incarnation === node.incarnation);
    for (const slot of this.#slots.values()) {
      if (!isMember && slot.state.phase === 'active') this.lose(slot);
      if (slot.state.phase === 'waiting') {
        slot.state = { ...slot.state, dueAtMs: 0 };
        this.decide(slot, { type: 'tick' });
      }
    }
  }

  decide(slot: EntitySlot, event: EntityEvent): void {
    if (this.#slots.get(slot.name) !== slot) return;
    this.#apply(slot, decideEntity(slot.state, event, this.#factsOf(slot)));
  }

  #begin(
    started: StartedType,
    id: EntityId,
    intent: Intent | undefined,
    message: WaitingMessage | undefined,
    intentHops = 0,
  ): void {
    const decision = beginEntity(intent);
    const slot = createSlot(id, started, decision, { intentHops, usedAtMs: this.#now() });
    if (message !== undefined) slot.waiting.push(message);
    this.#slots.set(slot.name, slot);
    this.#unsettled.add(slot);
    this.#apply(slot, decision);
  }

  #apply(slot: EntitySlot, { state, effects }: EntityDecision): void {
    const { fence } = slot.state;
    if (state === undefined) this.#slots.delete(slot.name);
    else slot.state = state;
    if (state === undefined || state.phase === 'active') this.#unsettled.delete(slot);
    else {
      this.#unsettled.add(slot);
      this.#options.onUnsettled();
    }
    for (const effect of effects) {
      if (effect.do === 'report') this.#report(slot, endReports[effect.ended], fence);
      else this.#perform(slot, effect);
    }
  }

  #perform(slot: EntitySlot, effect: Exclude<EntityEffect, { do: 'report' }>): void {
    switch (effect.do) {
      case 'look':
        return void this.#look(slot);
      case 'claim':
        return void this.#claim(slot, effect.place, effect.seen);
      case 'start':
        return this.#start(slot);
      case 'stop':
        return slot.activation?.stop();
      case 'release':
        return void this.#release(slot, effect.state);
      case 'forward':
        return this.#forward(slot, effect.node, effect.intent);
    }
  }

  /** Never rejects: what was read, or that it could not be read, is an event. */
  async #look(slot: EntitySlot): Promise<void> {
    const { store, views, node } = this.#options;
    try {
      const place = await store.placeOf(slot.id);
      slot.place = place;
      const seen = await store.look(place);
      const holder = holderOf(seen, views.current(), node);
      if (holder.kind === 'other' && !holder.isReachable)
        slot.trouble = `its owner ${holder.node} cannot be reached`;
      this.decide(slot, { type: 'looked', place, seen, holder });
    } catch (error) {
      this.#storeFailed(slot, error);
    }
  }

  async #claim(slot: EntitySlot, place: EntityPlace, seen: OwnerSeen): Promise<void> {
    const { store } = this.#options;
    const record = this.#recordOf(slot, 'active', (seen.record?.activation ?? 0) + 1);
    try {
      const fence = await store.claim(place, seen, record);
      if (fence === undefined) return this.decide(slot, { type: 'claim-lost' });
      slot.number = record.activation;
      slot.isHandedOver = seen.record !== undefined && seen.record.state !== 'active';
      slot.usedAtMs = this.#now();
      this.#announceTaken(slot, seen, fence.sequence);
      return this.decide(slot, { type: 'claimed', fence });
    } catch (error) {
      return this.#storeFailed(slot, error);
    }
  }

  async #release(slot: EntitySlot, state: OwnerState): Promise<void> {
    const { place } = slot;
    const { fence } = slot.state;
    if (place === undefined || fence === undefined) return;
    const record = this.#recordOf(slot, state, slot.number);
    try {
      const isOwn = await this.#options.store.giveUp(place, fence, record);
      if (isOwn && state === 'removed') this.#answerRemovers(slot);
      this.decide(slot, { type: 'released', isOwn });
    } catch (error) {
      this.#storeFailed(slot, error);
    }
  }

  #start(slot: EntitySlot): void {
    const { place, started } = slot;
    const { fence } = slot.state;
    if (place === undefined || fence === undefined || started.supervisor === undefined) return;
    slot.activation = new Activation(started.supervisor, {
      id: slot.id,
      number: slot.number,
      isHandedOver: slot.isHandedOver,
      type: started.type,
      place,
      fence,
      writer: this.#options.store.writerOf(place.log),
      onLost: () => this.lose(slot),
      onLeft: (items) => {
        const expiresAtMs = this.#now() + started.type.activationTimeoutMs;
        slot.waiting.unshift(...items.map((item) => waitingOf(item, expiresAtMs)));
      },
    });
    this.#byActor.set(slot.activation.ref.address.uid, slot);
    const cause = slot.waiting.length > 0 ? 'messages wait for it' : 'it is to be active';
    this.#report(slot, { what: 'activated', cause }, fence);
    for (const message of slot.waiting.splice(0)) slot.activation.deliver(message);
  }

  #forward(slot: EntitySlot, node: string, intent: Intent | undefined): void {
    const { others } = this.#options;
    if (intent !== undefined) others.passIntent(node, slot, intent);
    const waiting = slot.waiting.splice(0);
    for (const message of waiting) {
      if (message.hops < maxHops) others.forward(node, slot, message);
      else slot.waiting.push({ ...message, hops: 0 });
    }
    slot.intentHops = 0;
  }

  #announceTaken(slot: EntitySlot, { record }: OwnerSeen, fence: number): void {
    const { node, others } = this.#options;
    if (record?.state === 'active' && record.node !== node.nodeId)
      others.announceTaken(record.node, slot, fence);
  }

  #recordOf(slot: EntitySlot, state: OwnerState, activation: number): OwnerRecord {
    const { node, views } = this.#options;
    const { nodeId, incarnation, clock } = node;
    const { epoch } = views.current();
    return {
      v: 1,
      ...slot.id,
      node: nodeId,
      incarnation,
      epoch,
      activation,
      state,
      atMs: Math.floor(clock.wallNow()),
    };
  }

  #factsOf(slot: EntitySlot): EntityFacts {
    const { node, views } = this.#options;
    return factsOf(slot, { node, view: views.current(), isDraining: this.isDraining });
  }

  #giveUpOld(slot: EntitySlot, nowMs: number): void {
    if (!slot.waiting.some(({ expiresAtMs }) => expiresAtMs <= nowMs)) return;
    const old = slot.waiting.filter(({ expiresAtMs }) => expiresAtMs <= nowMs);
    slot.waiting = slot.waiting.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
    for (const message of old) this.#refuse(slot, message, 'entity-unavailable');
  }

  #refuseFull(slot: EntitySlot, message: WaitingMessage): void {
    this.#refuse(slot, message, 'mailbox-full');
  }

  #refuse(slot: EntitySlot, message: WaitingMessage, reason: 'entity-unavailable' | 'mailbox-full'): void {
    const { node } = this.#options;
    const error =
      reason === 'mailbox-full'
        ? new MailboxFullError(slot.name)
        : new EntityUnavailableError(slot.id, slot.trouble);
    const to = { node: node.nodeId, nodeIncarnation: node.incarnation, path: slot.name, uid: 0 };
    localSystemOf(node.system).node.events.deadLetter(to, reason, message.ask, error, message.message);
  }

  #storeFailed(slot: EntitySlot, error: unknown): void {
    slot.trouble = error instanceof Error ? error.message : String(error);
    this.#options.node.log.debug(
      { err: error, entity: slot.name },
      'the owner record cannot be read or written',
    );
    this.decide(slot, { type: 'store-failed' });
  }

  #answerRemovers(slot: EntitySlot): void {
    for (const replyTo of slot.removers.splice(0)) replyTo.tell('remove');
  }

  #report(
    slot: EntitySlot,
    { what, cause }: Pick<EntityReport, 'what' | 'cause'>,
    fence: Fence | undefined,
  ): void {
    localSystemOf(this.#options.node.system).node.events.emit({
      type: 'entity',
      what,
      entity: slot.name,
      cause,
      fence: fence?.sequence ?? 0,
    });
  }

  #now(): number {
    return this.#options.node.clock.now();
  }
}

const endReports: Readonly<Record<EndPlan, Pick<EntityReport, 'what' | 'cause'>>> = {
  passive: { what: 'passivated', cause: 'it was idle, or stopped itself' },
  moving: { what: 'moved', cause: 'it belongs to another node now' },
  removed: { what: 'removed', cause: 'it was removed' },
  failed: { what: 'failed', cause: 'it failed too often' },
  lost: { what: 'lost', cause: 'another activation owns it' },
};
