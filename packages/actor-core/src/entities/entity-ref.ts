import type { ActorAddress, ActorRef, MessageLane, TellOptions } from '../actor/actor-ref.ts';
import type { ActorSystem } from '../actor/actor-system.ts';
import type { AskOptions } from '../actor/ask-options.ts';
import type { Question } from '../actor/envelope.ts';
import { isControl } from '../actor/message-lane.ts';
import { RoutedRef } from '../actor/routed-ref.ts';
import { traceToSend } from '../actor/trace-context.ts';
import type { Clock } from '../clock.ts';
import type { StartedType } from './entity-slot.ts';
import { type EntityId, entityName } from './entity-id.ts';
import type { EntityRouter } from './entity-router.ts';

/** First token of the paths of entities; no actor has such a path. */
const pathPrefix = '$entity/';

/**
 * Reference to an entity, wherever it is. Valid for ever: the first message activates the entity, and messages follow
 * it when it moves. It may be sent inside messages to nodes that have started the type.
 *
 * A message is delivered at most once. Messages of one sender arrive in order while the entity does not move.
 */
export interface EntityRef<in M> extends ActorRef<M> {
  readonly type: string;
  readonly key: string;
  /**
   * Asks the entity. Rejects with `EntityUnavailableError` when no node takes the entity in time, or the node that had
   * the question is lost; else as `ActorSystem.ask`.
   */
  ask<R>(make: (replyTo: ActorRef<R>) => M, options: AskOptions<R>): Promise<R>;
}

/** What an entity ref sends with. */
export interface EntityRefParts {
  readonly router: EntityRouter;
  readonly system: ActorSystem;
  readonly clock: Clock;
}

export class RoutedEntityRef<M> extends RoutedRef implements EntityRef<M> {
  readonly type: string;
  readonly key: string;
  readonly #id: EntityId;
  readonly #started: StartedType;
  readonly #parts: EntityRefParts;

  constructor(id: EntityId, started: StartedType, parts: EntityRefParts) {
    super();
    this.type = id.type;
    this.key = id.key;
    this.#id = id;
    this.#started = started;
    this.#parts = parts;
  }

  get address(): ActorAddress {
    const { nodeId } = this.#parts.system;
    return { node: nodeId, nodeIncarnation: 0, path: pathPrefix + entityName(this.#id), uid: 0 };
  }

  tell(message: M, options?: TellOptions): void {
    this.#send(message, isControl(options?.lane), undefined, traceToSend(options), Number.POSITIVE_INFINITY);
  }

  ask<R>(make: (replyTo: ActorRef<R>) => M, options: AskOptions<R>): Promise<R> {
    return this.#parts.system.ask<M, R>(this, make, options);
  }

  sendQuestion(message: M, lane: MessageLane | undefined, ask: Question, trace: string | undefined): void {
    this.#send(message, isControl(lane), ask, trace, ask.deadline ?? Number.POSITIVE_INFINITY);
  }

  #send(
    message: M,
    control: boolean,
    ask: Question | undefined,
    trace: string | undefined,
    deadlineMs: number,
  ): void {
    const { activationTimeoutMs } = this.#started.type;
    const expiresAtMs = Math.min(this.#parts.clock.now() + activationTimeoutMs, deadlineMs);
    const waiting = { message, ask, trace, isControl: control, hops: 0, expiresAtMs };
    this.#parts.router.send(this.#started, this.#id, waiting);
  }
}

/** The entity that an address names; undefined for the address of anything else. */
export function entityAt({ path }: ActorAddress): EntityId | undefined {
  if (!path.startsWith(pathPrefix)) return undefined;
  const name = path.slice(pathPrefix.length);
  const at = name.indexOf('/');
  return at === -1 ? undefined : { type: name.slice(0, at), key: name.slice(at + 1) };
}
