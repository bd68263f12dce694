import type { ActorAddress, ActorRef, TellOptions } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';
import type { Runtime } from '../actor/runtime.ts';
import { traceToSend } from '../actor/trace-context.ts';

/** Delivers to an actor of another node, by way of this node's remoting. */
export class RemoteRef<M> extends BaseRef implements ActorRef<M> {
  readonly address: ActorAddress;
  private readonly runtime: Runtime;

  constructor(runtime: Runtime, address: ActorAddress) {
    super();
    this.runtime = runtime;
    this.address = address;
  }

  tell(message: M, options?: TellOptions): void {
    this.runtime.sendRemote(
      this.address,
      message,
      options !== undefined && options.lane === 'control',
      undefined,
      traceToSend(options),
    );
  }
}
