import type { CallChain } from '../actor/call-chain.ts';
import type { Refusable } from '../actor/envelope.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import type { AwaitingSender } from '../actor/waiting-room.ts';
import type { Clock } from '../clock.ts';
import type { Remoting } from './remoting.ts';

/** Whoever asked from another node. */
export class RemoteAsker implements Refusable {
  private readonly remoting: Remoting;
  private readonly node: string;
  readonly chain: CallChain | undefined;
  private readonly askUid: number;

  constructor(remoting: Remoting, node: string, askUid: number, chain: CallChain | undefined) {
    this.remoting = remoting;
    this.node = node;
    this.askUid = askUid;
    this.chain = chain;
  }

  refuse(reason: DeadLetterReason): void {
    this.remoting.refuseAsk(this.node, this.askUid, reason);
  }

  /** As a sender that waits for room, as long as it said. */
  waiting(waitMs: number, clock: Clock): AwaitingSender {
    const untilMs = clock.now() + waitMs;
    return {
      get isOver() {
        return clock.now() >= untilMs;
      },
      accepted: () => this.remoting.confirm(this.node, this.askUid),
      refuse: (reason) => this.refuse(reason),
    };
  }
}
