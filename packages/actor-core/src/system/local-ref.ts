import type { ActorCell } from '../cell/cell.ts';
import type { ActorAddress, ActorRef, TellOptions } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';
import type { Runtime } from './runtime.ts';
import { isControl } from '../remoting/message-lanes.ts';
import { isTracing, traced, traceToSend } from '../actor/trace-context.ts';

/** Delivers to an actor of this process. */
export class LocalRef<M> extends BaseRef implements ActorRef<M> {
  readonly cell: ActorCell<M>;

  constructor(cell: ActorCell<M>) {
    super();
    this.cell = cell;
  }

  get address(): ActorAddress {
    return this.cell.address;
  }

  tell(message: M, options?: TellOptions): void {
    if (options === undefined && !isTracing) this.cell.deliver(message, false);
    else this.cell.deliver(traced(message, traceToSend(options)), isControl(options?.lane));
  }
}

/** Delivers to whichever actor of this process has the path when the message is sent. */
export class PathRef<M> extends BaseRef implements ActorRef<M> {
  readonly address: ActorAddress;
  readonly #runtime: Runtime;

  constructor(runtime: Runtime, path: string) {
    super();
    this.#runtime = runtime;
    this.address = { node: runtime.nodeId, nodeIncarnation: 0, path, uid: 0 };
  }

  tell(message: M, options?: TellOptions): void {
    this.#runtime.deliverLocal(
      this.address,
      message,
      isControl(options?.lane),
      undefined,
      traceToSend(options),
    );
  }
}
