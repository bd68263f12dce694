import type { z } from 'zod';
import type { ActorRef, TellOptions } from '../actor/actor-ref.ts';
import type { BlockedSender } from '../actor/blocked-sender.ts';
import type { CallChain } from '../actor/call-chain.ts';
import { Endpoint, isGone } from '../actor/endpoint.ts';
import type { Question } from '../actor/envelope.ts';
import type { NodeServices } from '../actor/node-services.ts';
import { refusal } from '../actor/refusal.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import type { Expiring } from '../clock/expiring.ts';
import { AnswerMismatchError, RequestTimeoutError } from '../errors.ts';

/**
 * A question that waits for its answer, and the `replyTo` ref that the question carries.
 *
 * Its private method is static, since a private instance method costs 8 bytes in every question.
 */
export class PendingAsk<R> extends Endpoint<R> implements Expiring, Question, BlockedSender {
  deadline = 0;
  previous: Expiring | undefined = undefined;
  next: Expiring | undefined = undefined;
  list: Expiring['list'] = undefined;
  /** The asker and the actors that wait for it; undefined for code outside of actors. */
  readonly chain: CallChain | undefined;
  readonly target: ActorRef<never>;
  readonly timeoutMs: number;
  /** Called once, when the question is answered or can no longer be answered. */
  onSettled: (() => void) | undefined = undefined;
  #settled = false;
  #resolve: (value: R) => void;
  #reject: (error: Error) => void;

  constructor(
    node: NodeServices,
    target: ActorRef<never>,
    timeoutMs: number,
    chain: CallChain | undefined,
    resolve: (value: R) => void,
    reject: (error: Error) => void,
    reply?: z.ZodType<R>,
  ) {
    super(node, reply);
    this.target = target;
    this.timeoutMs = timeoutMs;
    this.chain = chain;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  tell(message: R, _options?: TellOptions): void {
    if (this.#settled) return this.late(message);
    const resolve = this.#resolve;
    PendingAsk.#settle(this);
    resolve(message);
  }

  get isOver(): boolean {
    return this.#settled;
  }

  /** For a blocked sender: the message is in the mailbox. */
  accepted(): void {
    if (!this.#settled) this.tell(undefined as R);
  }

  override get isAnswer(): boolean {
    return true;
  }

  expire(): void {
    if (this.#settled) return;
    const reject = this.#reject;
    PendingAsk.#settle(this);
    const { node, path } = this.target.address;
    reject(new RequestTimeoutError(`${node}/${path}`, this.timeoutMs));
  }

  /** The question was not delivered. */
  refuse(reason: DeadLetterReason, error: Error = refusal(this.target.address, reason)): void {
    if (this.#settled) return;
    const reject = this.#reject;
    PendingAsk.#settle(this);
    reject(error);
  }

  override mismatched(detail: string): void {
    const { node, path } = this.target.address;
    this.refuse('protocol-mismatch', new AnswerMismatchError(`${node}/${path}`, detail));
  }

  refuseFrom(node: string, reason: DeadLetterReason, error?: Error): void {
    if (this.target.address.node === node) this.refuse(reason, error);
  }

  nodeGone(node: string, incarnation: number, isReplaced: boolean): void {
    if (isGone(this.target.address, node, incarnation, isReplaced)) this.refuse('no-such-actor');
  }

  static #settle<R>(ask: PendingAsk<R>): void {
    ask.#settled = true;
    ask.list?.remove(ask);
    ask.unpublish();
    // A ref that is still referenced must not keep the answer in memory.
    ask.#resolve = ignore;
    ask.#reject = ignore;
    ask.onSettled?.();
  }
}

function ignore(): void {}
