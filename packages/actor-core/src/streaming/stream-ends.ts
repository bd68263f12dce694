import type { ActorRef } from '../actor/actor-ref.ts';
import type { CallChain } from '../actor/call-chain.ts';
import type { StreamFactory } from '../actor/node-ports.ts';
import type { NodeServices } from '../actor/node-services.ts';
import type { StreamFrame, StreamOptions } from '../actor/stream.ts';
import { CreditReader } from './credit-reader.ts';
import { CreditWriter } from './credit-writer.ts';

/** Creates the two ends of streams for the actors of one node. */
export class StreamEnds implements StreamFactory {
  readonly #node: NodeServices;

  constructor(node: NodeServices) {
    this.#node = node;
  }

  read<R>(target: ActorRef<never>, chain: CallChain | undefined, options: StreamOptions): CreditReader<R> {
    return new CreditReader<R>(this.#node, target, chain, options);
  }

  write<R>(replyTo: ActorRef<StreamFrame<R>>, idleTimeoutMs: number | undefined): CreditWriter<R> {
    return new CreditWriter<R>(this.#node, replyTo, idleTimeoutMs);
  }
}
