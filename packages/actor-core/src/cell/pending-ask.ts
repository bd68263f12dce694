import type { z } from 'zod';
import {
  ActorNotFoundError,
  AnswerMismatchError,
  DeadlockError,
  MailboxFullError,
  MessageRefusedError,
  RequestTimeoutError,
  TransportDisconnectedError,
} from '../errors.ts';
import type { ActorAddress, ActorRef, TellOptions } from '../actor/actor-ref.ts';
import type { CallChain } from '../actor/call-chain.ts';
import type { Expiring } from '../clock/deadlines.ts';
import { Endpoint, isGone } from '../actor/endpoint.ts';
import type { Question } from '../actor/envelope.ts';
import type { Runtime } from '../system/runtime.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import type { AwaitingSender } from '../mailbox/blocked-senders.ts';

/** A question waiting for its answer; at the same time the `replyTo` that the question carries. */
export class PendingAsk<R> extends Endpoint<R> implements Expiring, Question, AwaitingSender {
  deadline = 0;
  previous: Expiring | undefined = undefined;
  next: Expiring | undefined = undefined;
  list: Expiring['list'] = undefined;
  /** Who asks, and who waits for that; undefined when no actor does. */
  readonly chain: CallChain | undefined;
  readonly target: ActorRef<never>;
  readonly timeoutMs: number;
  /** Called once, when the question is answered or can no longer be answered. */
  onSettled: (() => void) | undefined = undefined;
  #settled = false;
  #resolve: (value: R) => void;
  #reject: (error: Error) => void;

  constructor(
    runtime: Runtime,
    target: ActorRef<never>,
    timeoutMs: number,
    chain: CallChain | undefined,
    resolve: (value: R) => void,
    reject: (error: Error) => void,
    reply?: z.ZodType<R>,
  ) {
    super(runtime, reply);
    this.target = target;
    this.timeoutMs = timeoutMs;
    this.chain = chain;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  tell(message: R, _options?: TellOptions): void {
    if (this.#settled) return this.late(message);
    const resolve = this.#resolve;
    this.#settle();
    resolve(message);
  }

  get isOver(): boolean {
    return this.#settled;
  }

  /** As a message that waited for room: it is in the mailbox. */
  accepted(): void {
    if (!this.#settled) this.tell(undefined as R);
  }

  override get isAnswer(): boolean {
    return true;
  }

  expire(): void {
    if (this.#settled) return;
    const reject = this.#reject;
    this.#settle();
    const { node, path } = this.target.address;
    reject(new RequestTimeoutError(`${node}/${path}`, this.timeoutMs));
  }

  /** The question was not delivered. */
  refuse(reason: DeadLetterReason, error: Error = refusal(this.target.address, reason)): void {
    if (this.#settled) return;
    const reject = this.#reject;
    this.#settle();
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

  #settle(): void {
    this.#settled = true;
    this.list?.remove(this);
    this.unpublish();
    // A ref that is still referenced must not keep the answer in memory.
    this.#resolve = ignore;
    this.#reject = ignore;
    this.onSettled?.();
  }
}

function ignore(): void {}

/** The error that a question fails with when it could not be delivered. */
export function refusal(to: ActorAddress, reason: DeadLetterReason): Error {
  switch (reason) {
    case 'no-such-actor':
    case 'stale-incarnation':
      return new ActorNotFoundError(to.node, to.path);
    case 'mailbox-full':
    case 'dropped':
    case 'stash-full':
      return new MailboxFullError(to.path);
    case 'bus-unavailable':
      return new TransportDisconnectedError();
    case 'deadlock':
      return new DeadlockError(to.path);
    default:
      return new MessageRefusedError(to.path, reason);
  }
}
