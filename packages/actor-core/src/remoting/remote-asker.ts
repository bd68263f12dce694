import type { BlockedSender } from '../actor/blocked-sender.ts';
import type { CallChain } from '../actor/call-chain.ts';
import { endpointPath } from '../actor/endpoint-path.ts';
import type { Refusable } from '../actor/envelope.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import type { Clock } from '../clock.ts';
import { kind, type WireMessage } from './wire.ts';

/** Sends a message to the runtime of another node. */
export interface ControlSender {
  sendControl(node: string, message: WireMessage): void;
}

/** The asker of a question from another node, or the sender of a message that waits for its delivery there. */
export class RemoteAsker implements Refusable {
  readonly chain: CallChain | undefined;
  readonly deadline: number | undefined;
  readonly #sender: ControlSender;
  readonly #clock: Clock;
  readonly #node: string;
  readonly #askUid: number;
  readonly #beginByMs: number | undefined;

  /**
   * `beginByMs`: clock milliseconds until which the question may be started; `deadline`: until which it may be
   * answered.
   */
  constructor(
    sender: ControlSender,
    clock: Clock,
    node: string,
    askUid: number,
    chain: CallChain | undefined,
    beginByMs: number | undefined,
    deadline: number | undefined,
  ) {
    this.#sender = sender;
    this.#clock = clock;
    this.#node = node;
    this.#askUid = askUid;
    this.chain = chain;
    this.#beginByMs = beginByMs;
    this.deadline = deadline;
  }

  get isOver(): boolean {
    return this.#beginByMs !== undefined && this.#clock.now() >= this.#beginByMs;
  }

  isOf(node: string, askUid: number): boolean {
    return this.#node === node && this.#askUid === askUid;
  }

  refuse(reason: DeadLetterReason): void {
    // The asker cancelled and needs no report.
    if (reason !== 'expired') this.#sender.sendControl(this.#node, [kind.refused, this.#askUid, reason]);
  }

  /** The same sender, blocked for at most `waitMs`. */
  blockedFor(waitMs: number, clock: Clock): BlockedSender {
    const untilMs = clock.now() + waitMs;
    return {
      get isOver() {
        return clock.now() >= untilMs;
      },
      accepted: () =>
        this.#sender.sendControl(this.#node, [kind.tell, endpointPath, this.#askUid, 0, null, 0]),
      refuse: (reason) => this.refuse(reason),
    };
  }
}
