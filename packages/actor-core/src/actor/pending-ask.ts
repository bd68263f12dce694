import {
  ActorNotFoundError,
  DeadlockError,
  MailboxFullError,
  MessageRefusedError,
  RequestTimeoutError,
  TransportDisconnectedError,
} from '../errors.ts';
import type { ActorAddress, ActorRef, TellOptions } from './actor-ref.ts';
import type { CallChain } from './call-chain.ts';
import { BaseRef } from './base-ref.ts';
import type { DeadlineList, Expiring } from '../deadlines.ts';
import type { Refusable } from './envelope.ts';
import type { Runtime } from './runtime.ts';
import type { DeadLetterReason } from './runtime-event.ts';

/** Path under which the answers to this node's questions arrive. */
export const askPath = '$ask';

/** A question waiting for its answer; at the same time the `replyTo` that the question carries. */
export class PendingAsk<R> extends BaseRef implements ActorRef<R>, Expiring, Refusable {
  deadline = 0;
  previous: Expiring | undefined = undefined;
  next: Expiring | undefined = undefined;
  list: DeadlineList | undefined = undefined;
  /** Number under which other nodes answer; 0 until the question leaves this node. */
  uid = 0;
  /** Who asks, and who waits for that; undefined when no actor does. */
  readonly chain: CallChain | undefined;
  private settled = false;
  private readonly runtime: Runtime;
  private readonly target: ActorRef<never>;
  private readonly timeoutMs: number;
  private readonly resolve: (value: R) => void;
  private readonly reject: (error: Error) => void;

  constructor(
    runtime: Runtime,
    target: ActorRef<never>,
    timeoutMs: number,
    chain: CallChain | undefined,
    resolve: (value: R) => void,
    reject: (error: Error) => void,
  ) {
    super();
    this.runtime = runtime;
    this.target = target;
    this.timeoutMs = timeoutMs;
    this.chain = chain;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Reading it publishes the question to other nodes. */
  get address(): ActorAddress {
    if (this.uid === 0) this.uid = this.runtime.publishAsk(this);
    return {
      node: this.runtime.nodeId,
      nodeIncarnation: this.runtime.incarnation,
      path: askPath,
      uid: this.uid,
    };
  }

  tell(message: R, _options?: TellOptions): void {
    if (this.settled) return;
    this.settle();
    this.resolve(message);
  }

  expire(): void {
    if (this.settled) return;
    this.settle();
    const { node, path } = this.target.address;
    this.reject(new RequestTimeoutError(`${node}/${path}`, this.timeoutMs));
  }

  /** The question was not delivered. */
  refuse(reason: DeadLetterReason): void {
    if (this.settled) return;
    this.settle();
    this.reject(refusal(this.target.address, reason));
  }

  /** The node asked says that the question was not delivered. */
  refuseFrom(node: string, reason: DeadLetterReason): void {
    if (this.target.address.node === node) this.refuse(reason);
  }

  /** Lives of that node up to this one are over, so none of them answers. */
  nodeGone(node: string, incarnation: number): void {
    const { address } = this.target;
    if (address.node === node && address.nodeIncarnation <= incarnation) this.refuse('no-such-actor');
  }

  private settle(): void {
    this.settled = true;
    this.list?.remove(this);
    if (this.uid !== 0) this.runtime.forgetAsk(this.uid);
  }
}

function refusal(to: ActorAddress, reason: DeadLetterReason): Error {
  switch (reason) {
    case 'no-such-actor':
    case 'stale-incarnation':
      return new ActorNotFoundError(to.node, to.path);
    case 'mailbox-full':
    case 'dropped':
      return new MailboxFullError(to.path);
    case 'bus-unavailable':
      return new TransportDisconnectedError();
    case 'deadlock':
      return new DeadlockError(to.path);
    default:
      return new MessageRefusedError(to.path, reason);
  }
}
