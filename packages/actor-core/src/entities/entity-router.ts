import type { ActorRef, Sender } from '../actor/actor-ref.ts';
import type { Question } from '../actor/envelope.ts';
import { refusal } from '../actor/refusal.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import { EntityUnavailableError } from '../errors.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { localSystemOf } from '../system/local-system.ts';
import type { Intent } from './decide-entity.ts';
import { entitiesPath, type EntityMessage } from './entity-message.ts';
import type { EntityHost } from './entity-host.ts';
import type { EntitySlot, StartedType } from './entity-slot.ts';
import { type EntityId, entityName } from './entity-id.ts';
import { placementOf } from './entity-placement.ts';
import { ForwardedAsker } from './forwarded-asker.ts';
import type { PlacementView, PlacementViews } from './placement-view.ts';
import type { WaitingMessage } from './waiting-message.ts';

/** What the router of a node works with. */
export interface EntityRouterOptions {
  readonly node: LocalNode;
  readonly views: PlacementViews;
  readonly types: ReadonlyMap<string, StartedType>;
  readonly host: () => EntityHost;
  /** The `entities` actor of this node. */
  readonly self: () => ActorRef<EntityMessage>;
}

type DeliverMessage = Extract<EntityMessage, readonly ['deliver', ...unknown[]]>;

/** A question of this node for an entity elsewhere, and the node that has it. */
interface OpenQuestion {
  readonly ask: Question;
  readonly id: EntityId;
  node: string;
}

/** Most places of entities that a node remembers. */
const maxHints = 20_000;

/**
 * Sends messages to entities wherever they are. A message goes to the node on which the entity was seen last, else to
 * the one that the placement names. A node that gets a message for an entity that is elsewhere forwards it, and tells
 * the origin where the entity is.
 */
export class EntityRouter {
  readonly #options: EntityRouterOptions;
  /** Where entities are that are not where the placement says; oldest first. */
  readonly #hints = new Map<string, string>();
  /** Placements in the view `#placedIn`. */
  readonly #placed = new Map<string, string | undefined>();
  #placedIn: PlacementView | undefined;
  readonly #questions = new Map<number, OpenQuestion>();
  /** Messages of nodes that may not tell such a thing. */
  readonly #ignored = new WeakSet<EntityMessage>();

  constructor(options: EntityRouterOptions) {
    this.#options = options;
  }

  /** Sends a message of this node. */
  send(started: StartedType, id: EntityId, message: WaitingMessage): void {
    const host = this.#options.host();
    const to = host.slots.has(entityName(id)) ? undefined : this.#locate(started, id);
    if (to === undefined || to === this.#options.node.nodeId || !this.#isReachable(to))
      host.offer(started, id, message);
    else this.#transmit(to, id, message);
  }

  /** Sends a message that waited here to another node. */
  forward(to: string, { id }: EntitySlot, message: WaitingMessage): void {
    const ticket = message.ask instanceof ForwardedAsker ? message.ask.ticket : 0;
    const { origin } = message;
    if (origin === undefined) this.#learn(id, to);
    else origin.tell(['moved', id.type, id.key, to, ticket]);
    this.#transmit(to, id, { ...message, hops: message.hops + 1 });
  }

  passIntent(to: string, slot: EntitySlot, intent: Intent): void {
    const { id, intentHops, removers } = slot;
    const passed = removers.splice(0);
    const replyTos = intent === 'remove' && passed.length > 0 ? passed : [null];
    for (const replyTo of replyTos)
      this.#tell(to, ['intend', intent, id.type, id.key, intentHops + 1, replyTo]);
  }

  announceTaken(to: string, { id }: EntitySlot, fence: number): void {
    this.#tell(to, ['taken', id.type, id.key, fence]);
  }

  /** A message of the `entities` actor of another node. */
  receive(message: EntityMessage): void {
    if (this.#ignored.has(message)) return;
    switch (message[0]) {
      case 'deliver':
        return this.#deliver(message);
      case 'moved':
        return this.#moved(message[1], message[2], message[3], message[4]);
      case 'refused':
        return this.#refused(message[1], message[2] as DeadLetterReason, message[3]);
      case 'intend': {
        const [, intent, type, key, hops, replyTo] = message;
        const started = this.#options.types.get(type);
        if (started === undefined) return;
        return this.#options.host().intend(started, { type, key }, intent, hops, replyTo ?? undefined);
      }
      case 'taken':
        return this.#options.host().taken({ type: message[1], key: message[2] }, message[3]);
    }
  }

  /**
   * Whether the message is accepted from that sender. What is told about entities counts only from nodes that hold such
   * entities; from a node that this one has not heard yet it is ignored, as a lost message.
   */
  accepts(message: EntityMessage, sender: Sender): boolean {
    const started = this.#options.types.get(message[0] === 'intend' ? message[2] : String(message[1]));
    if (message[0] !== 'deliver' || message[7] > 0) {
      const isAsked = message[0] === 'refused' && this.#questions.get(message[1])?.node === sender.node;
      if (!isAsked && !this.#isHolder(sender, started)) this.#ignored.add(message);
      return true;
    }
    if (message[4].address.node !== sender.node) return false;
    const parsed = started?.type.protocol.safeParse(message[3]);
    return parsed?.success !== true || (started?.type.accepts?.(parsed.data as never, sender) ?? true);
  }

  /** Members have gone: the questions that they had are not answered. */
  viewChanged(): void {
    const members = new Set(this.#options.views.current().members.map(({ id }) => id));
    for (const [ticket, { ask, id, node }] of this.#questions) {
      if (!ask.isOver && members.has(node)) continue;
      this.#questions.delete(ticket);
      const detail = `${node} was lost, and may have handled the message`;
      ask.refuse('entity-unavailable', new EntityUnavailableError(id, detail, { isHandled: 'unknown' }));
    }
  }

  /** Forgets the questions that are over. */
  sweep(): void {
    for (const [ticket, { ask }] of this.#questions) if (ask.isOver) this.#questions.delete(ticket);
  }

  #deliver(delivered: DeliverMessage): void {
    const { node, types } = this.#options;
    const [, type, key, message, origin, ticket, restMs, hops, isControl] = delivered;
    const id = { type, key };
    const expiresAtMs = node.clock.now() + restMs;
    const ask = ticket === 0 ? undefined : new ForwardedAsker(origin, ticket, expiresAtMs, node.clock);
    const started = types.get(type);
    if (started === undefined)
      return this.#refuse(id, ask, `${node.nodeId} has not started its type`, message);
    const parsed = started.type.protocol.safeParse(message);
    if (!parsed.success) return this.#mismatch(id, ask, parsed.error.issues[0]?.message, message);
    const waiting = { message: parsed.data, ask, trace: undefined, isControl, hops, expiresAtMs, origin };
    this.#options.host().offer(started, id, waiting);
  }

  #moved(type: string, key: string, to: string, ticket: number): void {
    const question = this.#questions.get(ticket);
    if (question !== undefined) question.node = to;
    this.#learn({ type, key }, to);
  }

  #refused(ticket: number, reason: DeadLetterReason, detail: string): void {
    const question = this.#questions.get(ticket);
    if (question === undefined) return;
    this.#questions.delete(ticket);
    const { ask, id } = question;
    const path = `${id.type}/${id.key}`;
    const error =
      reason === 'entity-unavailable'
        ? new EntityUnavailableError(id, detail)
        : refusal({ node: question.node, nodeIncarnation: 0, path, uid: 0 }, reason);
    ask.refuse(reason, error);
  }

  #locate(started: StartedType, id: EntityId): string | undefined {
    const view = this.#options.views.current();
    const name = entityName(id);
    const hint = this.#hints.get(name);
    if (hint !== undefined) {
      const member = view.members.find((one) => one.id === hint);
      if (member?.roles.includes(started.type.role) === true && hint !== this.#options.node.nodeId)
        return hint;
      this.#hints.delete(name);
    }
    return this.#placementOf(name, started, id);
  }

  /** As `placementOf`, computed once for each view. */
  #placementOf(name: string, started: StartedType, id: EntityId): string | undefined {
    const view = this.#options.views.current();
    if (view !== this.#placedIn || this.#placed.size >= maxHints) this.#placed.clear();
    this.#placedIn = view;
    if (!this.#placed.has(name)) this.#placed.set(name, placementOf(id, started.type, view));
    return this.#placed.get(name);
  }

  #isReachable(node: string): boolean {
    return this.#options.views.current().members.some(({ id, isReachable }) => id === node && isReachable);
  }

  #learn(id: EntityId, node: string): void {
    const name = entityName(id);
    this.#hints.delete(name);
    this.#hints.set(name, node);
    if (this.#hints.size <= maxHints) return;
    const [oldest] = this.#hints.keys();
    if (oldest !== undefined) this.#hints.delete(oldest);
  }

  #transmit(to: string, id: EntityId, message: WaitingMessage): void {
    const { node } = this.#options;
    const { ask, hops, isControl } = message;
    const restMs = Math.max(0, message.expiresAtMs - node.clock.now());
    let ticket = 0;
    let question: Question | undefined;
    if (ask instanceof ForwardedAsker) ({ ticket } = ask);
    else if (ask !== undefined && 'address' in ask) {
      question = ask as Question;
      ticket = question.address.uid;
      this.#questions.set(ticket, { ask: question, id, node: to });
    }
    const origin = message.origin ?? this.#options.self();
    const { type, key } = id;
    const frame: EntityMessage = [
      'deliver',
      type,
      key,
      message.message,
      origin,
      ticket,
      restMs,
      hops,
      isControl,
    ];
    localSystemOf(node.system).node.delivery.sendRemote(
      { node: to, nodeIncarnation: 0, path: entitiesPath, uid: 0 },
      frame,
      isControl ? 'control' : 'data',
      question,
      message.trace,
    );
  }

  #tell(to: string, message: EntityMessage): void {
    this.#options.node.system.refFor<EntityMessage>(to, entitiesPath).tell(message, { lane: 'control' });
  }

  /** Whether the sender is a node that may hold entities of the type; of any type where none is given. */
  #isHolder({ node }: Sender, started: StartedType | undefined): boolean {
    const { node: self, views, types } = this.#options;
    const member = views.current().members.find(({ id }) => id === node);
    const roles = member?.roles ?? self.presence.member(node)?.roles ?? [];
    return [...(started === undefined ? types.values() : [started])].some(({ type }) =>
      roles.includes(type.role),
    );
  }

  #refuse(id: EntityId, ask: ForwardedAsker | undefined, detail: string, message: unknown): void {
    const error = new EntityUnavailableError(id, detail);
    this.#deadLetter(id, 'entity-unavailable', ask, error, message);
  }

  #mismatch(
    id: EntityId,
    ask: ForwardedAsker | undefined,
    issue: string | undefined,
    message: unknown,
  ): void {
    this.#options.node.log.warn(
      { entity: entityName(id), issue },
      'dropped a message that does not fit the protocol of its entity',
    );
    this.#deadLetter(id, 'protocol-mismatch', ask, undefined, message);
  }

  #deadLetter(
    id: EntityId,
    reason: DeadLetterReason,
    ask: ForwardedAsker | undefined,
    error: EntityUnavailableError | undefined,
    message: unknown,
  ): void {
    const { nodeId, incarnation, system } = this.#options.node;
    const to = { node: nodeId, nodeIncarnation: incarnation, path: entityName(id), uid: 0 };
    localSystemOf(system).node.events.deadLetter(to, reason, ask, error, message);
  }
}
