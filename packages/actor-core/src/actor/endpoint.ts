import type { z } from 'zod';
import type { ActorAddress, ActorRef, TellOptions } from './actor-ref.ts';
import { BaseRef } from './base-ref.ts';
import type { Runtime } from '../system/runtime.ts';
import type { DeadLetterReason } from './runtime-event.ts';

/** Path under which what is no actor is reached from other nodes; the uid says which one. */
export const endpointPath = '$ask';

/** Something that is told things without being an actor: an answer awaited, either end of a stream. */
export abstract class Endpoint<M> extends BaseRef implements ActorRef<M> {
  /** Number under which other nodes reach it; 0 until its address leaves this node. */
  #number = 0;
  protected readonly runtime: Runtime;
  /** What it may be told by other nodes; undefined: anything. */
  readonly protocol: z.ZodType | undefined;

  constructor(runtime: Runtime, protocol?: z.ZodType) {
    super();
    this.runtime = runtime;
    this.protocol = protocol;
  }

  /** Reading it publishes this endpoint to other nodes. */
  get address(): ActorAddress {
    if (this.#number === 0) this.#number = this.runtime.publish(this, this.isAnswer);
    return {
      node: this.runtime.nodeId,
      nodeIncarnation: this.runtime.incarnation,
      path: this.path,
      uid: this.#number,
    };
  }

  protected get path(): string {
    return endpointPath;
  }

  /** This endpoint waits for one answer; later answers are counted. */
  get isAnswer(): boolean {
    return false;
  }

  /** Called for an answer that arrives when the asker no longer waits. Does not publish this endpoint. */
  protected late(answer: M): void {
    this.runtime.lateAnswer(this.#number, answer);
  }

  abstract tell(message: M, options?: TellOptions): void;

  /** Another node told what its `protocol` refuses. */
  mismatched(_detail: string): void {}

  /** That node says that what it was sent from here was not delivered. */
  abstract refuseFrom(node: string, reason: DeadLetterReason, error?: Error): void;

  /** Lives of that node up to this one are over; `isReplaced` by another one, which may answer instead. */
  abstract nodeGone(node: string, incarnation: number, isReplaced: boolean): void;

  /** Nothing that is told to it from now on matters. */
  protected unpublish(): void {
    if (this.#number !== 0) this.runtime.unpublish(this.#number);
  }
}

/** Is what that address means over, when lives of `node` up to `incarnation` are? */
export function isGone(
  address: ActorAddress,
  node: string,
  incarnation: number,
  isReplaced: boolean,
): boolean {
  if (address.node !== node) return false;
  // "Whichever life is running": another one may be the one that was reached.
  if (address.nodeIncarnation === 0) return !isReplaced;
  return address.nodeIncarnation <= incarnation;
}
