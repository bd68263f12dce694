import type { ActorAddress, ActorRef, TellOptions } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';
import type { Runtime } from './runtime.ts';
import { traceToSend } from '../actor/trace-context.ts';

/** Delivers to an actor of another node, by way of this node's remoting. */
export class RemoteRef<M> extends BaseRef implements ActorRef<M> {
  readonly address: ActorAddress;
  /** Node that sent the frame with this ref; empty for a ref made on this node. See `senderRefSchema`. */
  readonly broughtBy: string;
  readonly #runtime: Runtime;

  constructor(runtime: Runtime, address: ActorAddress, broughtBy = '') {
    super();
    this.#runtime = runtime;
    this.address = address;
    this.broughtBy = broughtBy;
  }

  tell(message: M, options?: TellOptions): void {
    this.#runtime.sendRemote(this.address, message, options?.lane, undefined, traceToSend(options));
  }
}
