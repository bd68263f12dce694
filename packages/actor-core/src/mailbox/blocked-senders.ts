import type { DeadLetterReason } from '../actor/runtime-event.ts';
import { empty, Ring } from './ring.ts';

/** Who waits until its message is in a mailbox. */
export interface AwaitingSender {
  /** It waits no more. */
  readonly isOver: boolean;
  /** The message is in the mailbox. */
  accepted(): void;
  refuse(reason: DeadLetterReason): void;
}

interface Waiting {
  readonly item: unknown;
  readonly sender: AwaitingSender;
}

/** Senders before a full mailbox, in the order they came. */
export class BlockedSenders {
  #queue = new Ring();

  /** False when as many wait already. */
  add(item: unknown, sender: AwaitingSender, capacity: number): boolean {
    if (this.#queue.length >= capacity) this.#forgetTheGone();
    if (this.#queue.length >= capacity) return false;
    this.#queue.push({ item, sender });
    return true;
  }

  /** The message of whoever waits longest, who learns that it is taken now; `empty` when nobody waits. */
  next(): unknown {
    for (let waiting = this.#shift(); waiting !== undefined; waiting = this.#shift()) {
      if (waiting.sender.isOver) continue;
      waiting.sender.accepted();
      return waiting.item;
    }
    return empty;
  }

  refuseAll(reason: DeadLetterReason): void {
    for (let waiting = this.#shift(); waiting !== undefined; waiting = this.#shift()) {
      if (!waiting.sender.isOver) waiting.sender.refuse(reason);
    }
  }

  #forgetTheGone(): void {
    const still = new Ring();
    for (let waiting = this.#shift(); waiting !== undefined; waiting = this.#shift()) {
      if (!waiting.sender.isOver) still.push(waiting);
    }
    this.#queue = still;
  }

  #shift(): Waiting | undefined {
    const waiting = this.#queue.shift();
    return waiting === empty ? undefined : (waiting as Waiting);
  }
}
