import type { CallChain } from '../actor/call-chain.ts';
import type { Refusable } from '../actor/envelope.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import type { AwaitingSender } from '../mailbox/blocked-senders.ts';
import type { Clock } from '../clock.ts';
import type { Remoting } from './remoting.ts';

/** Whoever asked from another node. */
export class RemoteAsker implements Refusable {
  readonly node: string;
  readonly askUid: number;
  readonly chain: CallChain | undefined;
  readonly deadline: number | undefined;
  readonly #remoting: Remoting;
  readonly #beginByMs: number | undefined;

  /** `beginByMs`: clock milliseconds until when the question may be begun; `deadline`: until when it may be answered. */
  constructor(
    remoting: Remoting,
    node: string,
    askUid: number,
    chain: CallChain | undefined,
    beginByMs: number | undefined,
    deadline: number | undefined,
  ) {
    this.#remoting = remoting;
    this.node = node;
    this.askUid = askUid;
    this.chain = chain;
    this.#beginByMs = beginByMs;
    this.deadline = deadline;
  }

  get isOver(): boolean {
    return this.#beginByMs !== undefined && this.#remoting.clock.now() >= this.#beginByMs;
  }

  isOf(node: string, askUid: number): boolean {
    return this.node === node && this.askUid === askUid;
  }

  refuse(reason: DeadLetterReason): void {
    // The asker cancelled and needs no report.
    if (reason !== 'expired') this.#remoting.refuseAsk(this.node, this.askUid, reason);
  }

  /** As a sender that waits for room, as long as it said. */
  waiting(waitMs: number, clock: Clock): AwaitingSender {
    const untilMs = clock.now() + waitMs;
    return {
      get isOver() {
        return clock.now() >= untilMs;
      },
      accepted: () => this.#remoting.confirm(this.node, this.askUid),
      refuse: (reason) => this.refuse(reason),
    };
  }
}
