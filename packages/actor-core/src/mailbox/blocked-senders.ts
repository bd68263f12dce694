import type { BlockedSender } from '../actor/blocked-sender.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import { empty, Ring } from './ring.ts';

interface Waiting {
  readonly item: unknown;
  readonly sender: BlockedSender;
}

/** The senders that wait for space in a full mailbox, in the order of their messages. */
export class BlockedSenders {
  #queue = new Ring();

  /** False when `capacity` senders wait already. */
  add(item: unknown, sender: BlockedSender, capacity: number): boolean {
    if (this.#queue.length >= capacity) this.#removeFinished();
    if (this.#queue.length >= capacity) return false;
    this.#queue.push({ item, sender });
    return true;
  }

  /** The message of the sender that waits longest, which is notified of its delivery; `empty` without a sender. */
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

  #removeFinished(): void {
    const remaining = new Ring();
    for (let waiting = this.#shift(); waiting !== undefined; waiting = this.#shift()) {
      if (!waiting.sender.isOver) remaining.push(waiting);
    }
    this.#queue = remaining;
  }

  #shift(): Waiting | undefined {
    const waiting = this.#queue.shift();
    return waiting === empty ? undefined : (waiting as Waiting);
  }
}
