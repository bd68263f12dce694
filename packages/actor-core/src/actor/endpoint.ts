import type { z } from 'zod';
import type { ActorAddress, ActorRef, TellOptions } from './actor-ref.ts';
import { BaseRef } from './base-ref.ts';
import { endpointPath } from './endpoint-path.ts';
import type { NodeServices, PublishedEndpoint } from './node-services.ts';
import type { DeadLetterReason } from './runtime-event.ts';

/** A receiver of messages that is not an actor: a pending ask, an adapter, or one end of a stream. */
export abstract class Endpoint<M> extends BaseRef implements ActorRef<M>, PublishedEndpoint {
  /** Number under which other nodes reach this endpoint; 0 until its address leaves this node. */
  #number = 0;
  protected readonly node: NodeServices;
  /** What other nodes may send; undefined: anything. */
  readonly protocol: z.ZodType | undefined;

  constructor(node: NodeServices, protocol?: z.ZodType) {
    super();
    this.node = node;
    this.protocol = protocol;
  }

  /** Reading the address publishes this endpoint to other nodes. */
  get address(): ActorAddress {
    if (this.#number === 0) this.#number = this.node.endpoints.publish(this, this.isAnswer);
    return {
      node: this.node.nodeId,
      nodeIncarnation: this.node.incarnation,
      path: this.path,
      uid: this.#number,
    };
  }

  protected get path(): string {
    return endpointPath;
  }

  /** True for an endpoint that waits for one answer, so that later answers are counted as late. */
  get isAnswer(): boolean {
    return false;
  }

  /** Reports an answer that arrives when the asker no longer waits. Does not publish this endpoint. */
  protected late(answer: M): void {
    this.node.endpoints.lateAnswer(this.#number, answer);
  }

  abstract tell(message: M, options?: TellOptions): void;

  /** A message of another node did not fit `protocol`. */
  mismatched(_detail: string): void {}

  /** That node reports that a message sent from here was not delivered. */
  abstract refuseFrom(node: string, reason: DeadLetterReason, error?: Error): void;

  /** Incarnations of that node up to this one have ended; `isReplaced`: a newer incarnation runs and may answer. */
  abstract nodeGone(node: string, incarnation: number, isReplaced: boolean): void;

  /** Other nodes can no longer reach this endpoint. */
  protected unpublish(): void {
    if (this.#number !== 0) this.node.endpoints.unpublish(this.#number);
  }
}

/** True when the address means something that ended with the incarnations of `node` up to `incarnation`. */
export function isGone(
  address: ActorAddress,
  node: string,
  incarnation: number,
  isReplaced: boolean,
): boolean {
  if (address.node !== node) return false;
  // Incarnation 0 means "whichever runs": the message may have reached the newer incarnation.
  if (address.nodeIncarnation === 0) return !isReplaced;
  return address.nodeIncarnation <= incarnation;
}
