import type { ActorContext } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { handBackTo } from '../cell/hand-back.ts';
import { props } from '../cell/create-props.ts';
import { LocalRef } from '../cell/local-ref.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { Fence } from '../fence/fence.ts';
import type { FencedWriter } from '../fence/fenced-writer.ts';
import type { Entity, EntityType } from './entity-definition.ts';
import { type EntityId, keyToken } from './entity-id.ts';
import type { EntityPlace } from './entity-store.ts';
import { hashOf } from '../membership/rendezvous.ts';
import { itemOf, type WaitingMessage } from './waiting-message.ts';

/** Names of actors are limited. */
const longestToken = 200;

/** The actor under which the entities of a type run. */
export type TypeSupervisor = Pick<ActorContext<never>, 'spawn' | 'stop' | 'watch'>;

/** What an activation is made of. */
export interface ActivationParts {
  readonly id: EntityId;
  readonly number: number;
  readonly isHandedOver: boolean;
  readonly type: EntityType;
  readonly place: EntityPlace;
  readonly fence: Fence;
  readonly writer: FencedWriter;
  /** A write was refused: another activation owns the entity. */
  readonly onLost: () => void;
  /** Receives the messages that the actor has not handled when it ends. */
  readonly onLeft: (items: readonly unknown[]) => void;
}

/** The actor of one activation of an entity, and its right to write. */
export class Activation {
  readonly ref: ActorRef<never>;
  readonly #supervisor: TypeSupervisor;
  readonly #abort = new AbortController();

  constructor(supervisor: TypeSupervisor, parts: ActivationParts) {
    const { id, number, type } = parts;
    this.#supervisor = supervisor;
    const entity = entityOf(parts, this.#abort.signal);
    const recipe = props<never>(() => type.behaviour(entity), {
      protocol: type.protocol as never,
      ...(type.mailbox === undefined ? {} : { mailbox: type.mailbox }),
      ...(type.accepts === undefined ? {} : { accepts: type.accepts }),
    });
    this.ref = supervisor.spawn(recipe, actorName(id, number));
    handBackTo(this.ref, parts.onLeft);
    supervisor.watch(this.ref);
  }

  /** False where the actor has ended, although its end is not reported yet. */
  deliver(message: WaitingMessage): boolean {
    const { ref } = this;
    if (!(ref instanceof LocalRef) || !ref.actor.alive) return false;
    ref.actor.deliver(itemOf(message), message.isControl);
    return true;
  }

  /** Whether it handles a message, or messages wait for it. */
  get isBusy(): boolean {
    return this.ref instanceof LocalRef && (this.ref.actor.isBusy || this.ref.actor.mailbox.depth > 0);
  }

  stop(): void {
    this.#supervisor.stop(this.ref);
  }

  /** Its actor has ended. A parked one is removed. */
  ended(): void {
    this.abort();
    this.stop();
  }

  /** The activation has ended, or owns the entity no longer. */
  abort(): void {
    this.#abort.abort();
  }
}

function entityOf(parts: ActivationParts, signal: AbortSignal): Entity {
  const { id, number, isHandedOver, place, fence, writer, onLost } = parts;
  return {
    ...id,
    activation: number,
    isHandedOver,
    fence,
    log: place.log,
    signal,
    subject(...tokens) {
      if (tokens.length === 0) throw new InvalidArgumentError('tokens', 'must name at least one');
      return place.subject(...tokens);
    },
    async write(...records) {
      const outcome = await writer.write(fence, ...records);
      if (outcome.kind === 'deposed' || outcome.kind === 'rolled-back') onLost();
      return outcome;
    },
  };
}

/** Unique among the activations of the type; the full key of a long one is in the events. */
function actorName(id: EntityId, number: number): string {
  const token = keyToken(id);
  const short = token.length <= longestToken ? token : `${token.slice(0, longestToken)}.${hashOf(id.key)}`;
  return `${short}.${number}`;
}
