import { Envelope } from '../actor/envelope.ts';
import { type MailboxLimits, mailboxLimits } from './mailbox-limits.ts';
import type { MailboxOptions } from '../actor/mailbox-options.ts';
import { empty, Ring } from './ring.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import { BlockedSenders } from './blocked-senders.ts';
import type { BlockedSender } from '../actor/blocked-sender.ts';

/** The result of an offered message. `displaced`: it was taken, and the oldest message was removed for it. */
export type Offer = 'taken' | 'displaced' | 'full' | 'dropped';

/** The message that the last `displaced` offer removed. Read at once by the caller of `offer`. */
let displaced: unknown = empty;

/** Takes the message that the last `displaced` offer removed. */
export function takeDisplaced(): unknown {
  const item = displaced;
  displaced = empty;
  return item;
}

/** Parts of a mailbox that most actors never use. */
interface Extras {
  readonly control: Ring;
  blocked: BlockedSenders | undefined;
}

/**
 * Bounded queue of one actor, with a separate control lane. Each lane has the capacity of the options. The mailbox
 * itself is the data lane, so that an actor needs one object less.
 *
 * Its private methods are static, since a private instance method costs 8 bytes in every mailbox.
 */
export class Mailbox extends Ring {
  readonly #limits: MailboxLimits;
  #extras: Extras | undefined = undefined;

  /** @throws InvalidArgumentError for invalid options */
  constructor(options: MailboxOptions | undefined) {
    super();
    this.#limits = mailboxLimits(options);
  }

  get capacity(): number {
    return this.#limits.capacity;
  }

  get depth(): number {
    return this.length + (this.#extras === undefined ? 0 : this.#extras.control.length);
  }

  offer(item: unknown, control: boolean): Offer {
    const lane = control ? Mailbox.#more(this).control : this;
    if (lane.length < this.#limits.capacity) {
      lane.push(item);
      return 'taken';
    }
    return Mailbox.#offerToFull(this, lane, item);
  }

  /** As `offer` to the data lane; with the overflow `backpressure` the sender may be blocked. */
  offerOrWait(item: unknown, sender: BlockedSender): Offer | 'waiting' {
    const { capacity, overflow } = this.#limits;
    if (overflow !== 'backpressure' || this.length < capacity) return this.offer(item, false);
    const extras = Mailbox.#more(this);
    extras.blocked ??= new BlockedSenders();
    return extras.blocked.add(item, sender, capacity) ? 'waiting' : 'full';
  }

  refuseSenders(reason: DeadLetterReason): void {
    this.#extras?.blocked?.refuseAll(reason);
  }

  /** Adds a signal or a timer message past the bound. Their number is bounded by the requests of the actor itself. */
  force(item: unknown): void {
    this.push(item);
  }

  /** Returns messages to the front of the data lane, in order, past the bound. */
  putBack(items: readonly unknown[]): void {
    for (let i = items.length - 1; i >= 0; i--) this.unshift(items[i]);
  }

  /** The next message, control first, or `empty`. */
  take(): unknown {
    return this.#extras === undefined ? this.shift() : Mailbox.#takeWithExtras(this, this.#extras);
  }

  /** Removes the matching messages, control first, each lane in order. The other messages keep their order. */
  takeWhere(matches: (item: unknown) => boolean): unknown[] {
    const taken: unknown[] = [];
    for (const lane of this.#extras === undefined ? [this] : [this.#extras.control, this]) {
      // Take all messages out first: a priority lane would return a message that was just put back.
      const items: unknown[] = [];
      for (let item = lane.shift(); item !== empty; item = lane.shift()) items.push(item);
      for (const item of items) {
        if (matches(item)) taken.push(item);
        else lane.push(item);
      }
    }
    const extras = this.#extras;
    if (extras?.blocked !== undefined) while (Mailbox.#unblockOne(this, extras.blocked));
    return taken;
  }

  /** True when a matching message waits on either lane. */
  has(matches: (item: unknown) => boolean): boolean {
    return this.some(matches) || (this.#extras !== undefined && this.#extras.control.some(matches));
  }

  static #takeWithExtras(mailbox: Mailbox, { control, blocked }: Extras): unknown {
    if (control.length > 0) return control.shift();
    const item = mailbox.shift();
    if (blocked !== undefined) Mailbox.#unblockOne(mailbox, blocked);
    return item;
  }

  /** Adds the message of the sender that waits longest, when there is space. */
  static #unblockOne(mailbox: Mailbox, blocked: BlockedSenders): boolean {
    if (mailbox.length >= mailbox.#limits.capacity) return false;
    const next = blocked.next();
    if (next === empty) return false;
    mailbox.push(next);
    return true;
  }

  static #more(mailbox: Mailbox): Extras {
    return (mailbox.#extras ??= { control: new Ring(), blocked: undefined });
  }

  static #offerToFull(mailbox: Mailbox, lane: Ring, item: unknown): Offer {
    const { overflow } = mailbox.#limits;
    if (overflow === 'reject' || overflow === 'backpressure') return 'full';
    if (overflow === 'drop-newest') return 'dropped';
    for (let i = lane.length; i > 0; i--) {
      const oldest = lane.shift();
      // Signals and timer messages are never removed: they go to the back instead.
      if (oldest instanceof Envelope && oldest.guard !== undefined) {
        lane.push(oldest);
        continue;
      }
      lane.push(item);
      displaced = oldest;
      return 'displaced';
    }
    return 'full';
  }
}
