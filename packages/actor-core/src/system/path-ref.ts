import type { ActorAddress, ActorRef, TellOptions } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';
import type { Refusable } from '../actor/envelope.ts';
import { isControl } from '../actor/message-lane.ts';
import type { NodeIdentity } from '../actor/node-services.ts';
import { traceToSend } from '../actor/trace-context.ts';

/** Delivers to an address of this node. */
export interface AddressDelivery {
  deliverLocal(
    to: ActorAddress,
    message: unknown,
    control: boolean,
    ask: Refusable | undefined,
    trace: string | undefined,
  ): void;
}

/** Delivers to the actor of this process that has the path at the time of each message. */
export class PathRef<M> extends BaseRef implements ActorRef<M> {
  readonly address: ActorAddress;
  readonly #delivery: AddressDelivery;

  constructor(delivery: AddressDelivery, { nodeId }: NodeIdentity, path: string) {
    super();
    this.#delivery = delivery;
    this.address = { node: nodeId, nodeIncarnation: 0, path, uid: 0 };
  }

  tell(message: M, options?: TellOptions): void {
    const trace = traceToSend(options);
    this.#delivery.deliverLocal(this.address, message, isControl(options?.lane), undefined, trace);
  }
}
