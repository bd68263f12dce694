import { Envelope } from '../actor/envelope.ts';
import { type MailboxLimits, mailboxLimits } from './mailbox-limits.ts';
import type { MailboxOptions } from '../actor/mailbox-options.ts';
import { empty, Ring } from './ring.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import { BlockedSenders } from './blocked-senders.ts';
import type { BlockedSender } from '../actor/blocked-sender.ts';

/** What became of an offered message. `displaced`: it went in and pushed the oldest one out. */
export type Offer = 'taken' | 'displaced' | 'full' | 'dropped';

/** The message the last `displaced` offer pushed out; read at once by whoever offered. */
let displaced: unknown = empty;

/** Takes what the last `displaced` offer pushed out. */
export function takeDisplaced(): unknown {
  const item = displaced;
  displaced = empty;
  return item;
}

interface Aside {
  readonly control: Ring;
  room: BlockedSenders | undefined;
}

/**
 * Bounded queue of one actor, control lane apart. Each lane has the capacity of the options. It is its own data
 * lane: there are as many of these as actors, so it is one object.
 *
 * Its private methods are static, since a private instance method costs a word in every mailbox.
 */
export class Mailbox extends Ring {
  readonly #limits: MailboxLimits;
  /** Most never need it. */
  #aside: Aside | undefined = undefined;

  /** @throws InvalidArgumentError for options that cannot be */
  constructor(options: MailboxOptions | undefined) {
    super();
    this.#limits = mailboxLimits(options);
  }

  get capacity(): number {
    return this.#limits.capacity;
  }

  get depth(): number {
    return this.length + (this.#aside === undefined ? 0 : this.#aside.control.length);
  }

  offer(item: unknown, control: boolean): Offer {
    const lane = control ? Mailbox.#besides(this).control : this;
    if (lane.length < this.#limits.capacity) {
      lane.push(item);
      return 'taken';
    }
    return Mailbox.#offerToFull(this, lane, item);
  }

  /** As `offer` to the data lane; with the overflow `backpressure` its sender may have to wait. */
  offerOrWait(item: unknown, sender: BlockedSender): Offer | 'waiting' {
    const { capacity, overflow } = this.#limits;
    if (overflow !== 'backpressure' || this.length < capacity) return this.offer(item, false);
    const aside = Mailbox.#besides(this);
    aside.room ??= new BlockedSenders();
    return aside.room.add(item, sender, capacity) ? 'waiting' : 'full';
  }

  refuseSenders(reason: DeadLetterReason): void {
    this.#aside?.room?.refuseAll(reason);
  }

  /** Past the bound: for what the runtime itself owes the actor (signals, timers), bounded by its own requests. */
  force(item: unknown): void {
    this.push(item);
  }

  /** Puts messages back in front of the data lane, in order, past the bound. */
  putBack(items: readonly unknown[]): void {
    for (let i = items.length - 1; i >= 0; i--) this.unshift(items[i]);
  }

  /** The next message, control first, or `empty`. */
  take(): unknown {
    return this.#aside === undefined ? this.shift() : Mailbox.#takeAside(this, this.#aside);
  }

  /** Takes out what matches, control first, each lane in order; the rest keeps its order. */
  takeWhere(matches: (item: unknown) => boolean): unknown[] {
    const taken: unknown[] = [];
    for (const lane of this.#aside === undefined ? [this] : [this.#aside.control, this]) {
      // Take all messages out first: a priority lane would return a message that was just put back.
      const items: unknown[] = [];
      for (let item = lane.shift(); item !== empty; item = lane.shift()) items.push(item);
      for (const item of items) {
        if (matches(item)) taken.push(item);
        else lane.push(item);
      }
    }
    const aside = this.#aside;
    if (aside?.room !== undefined) while (Mailbox.#letOneIn(this, aside.room));
    return taken;
  }

  /** True when a matching message waits, on either lane. */
  has(matches: (item: unknown) => boolean): boolean {
    return this.some(matches) || (this.#aside !== undefined && this.#aside.control.some(matches));
  }

  static #takeAside(mailbox: Mailbox, { control, room }: Aside): unknown {
    if (control.length > 0) return control.shift();
    const item = mailbox.shift();
    if (room !== undefined) Mailbox.#letOneIn(mailbox, room);
    return item;
  }

  /** The sender that waits longest has its message put in, where there is room for it. */
  static #letOneIn(mailbox: Mailbox, room: BlockedSenders): boolean {
    if (mailbox.length >= mailbox.#limits.capacity) return false;
    const next = room.next();
    if (next === empty) return false;
    mailbox.push(next);
    return true;
  }

  static #besides(mailbox: Mailbox): Aside {
    return (mailbox.#aside ??= { control: new Ring(), room: undefined });
  }

  static #offerToFull(mailbox: Mailbox, lane: Ring, item: unknown): Offer {
    const { overflow } = mailbox.#limits;
    if (overflow === 'reject' || overflow === 'backpressure') return 'full';
    if (overflow === 'drop-newest') return 'dropped';
    for (let i = lane.length; i > 0; i--) {
      const oldest = lane.shift();
      // What the runtime owes the actor is never pushed out: it goes to the back instead.
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
