import type { ActorAddress, ActorRef, MessageLane, TellOptions } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';
import type { Question } from '../actor/envelope.ts';
import { traceToSend } from '../actor/trace-context.ts';

/** Delivers to an address of another node. */
export interface RemoteDelivery {
  sendRemote(
    to: ActorAddress,
    message: unknown,
    lane: MessageLane | undefined,
    ask: Question | undefined,
    trace: string | undefined,
    mayWait?: boolean,
  ): void;
}

/** Delivers to an actor of another node, over the bus. */
export class RemoteRef<M> extends BaseRef implements ActorRef<M> {
  readonly address: ActorAddress;
  /** Node that sent the frame with this ref; empty for a ref made on this node. See `senderRefSchema`. */
  readonly broughtBy: string;
  readonly #delivery: RemoteDelivery;

  constructor(delivery: RemoteDelivery, address: ActorAddress, broughtBy = '') {
    super();
    this.#delivery = delivery;
    this.address = address;
    this.broughtBy = broughtBy;
  }

  tell(message: M, options?: TellOptions): void {
    const trace = traceToSend(options);
    this.#delivery.sendRemote(this.address, message, options?.lane, undefined, trace, options?.mayWait);
  }
}
