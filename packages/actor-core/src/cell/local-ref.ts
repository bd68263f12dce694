import type { ActorAddress, ActorRef, TellOptions } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';
import type { LocalActor } from '../actor/local-actor.ts';
import { isControl } from '../actor/message-lane.ts';
import { isTracing, traced, traceToSend } from '../actor/trace-context.ts';

/** Delivers to an actor of this process. */
export class LocalRef<M> extends BaseRef implements ActorRef<M> {
  readonly actor: LocalActor;

  constructor(actor: LocalActor) {
    super();
    this.actor = actor;
  }

  get address(): ActorAddress {
    return this.actor.address;
  }

  tell(message: M, options?: TellOptions): void {
    if (options === undefined && !isTracing) this.actor.deliver(message, false);
    else this.actor.deliver(traced(message, traceToSend(options)), isControl(options?.lane));
  }
}
