import { Envelope } from './envelope.ts';
import { type MailboxLimits, mailboxLimits } from './mailbox-limits.ts';
import type { MailboxOptions } from './props.ts';
import { empty, Ring } from './ring.ts';

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

/**
 * Bounded queue of one actor, control lane apart. Each lane has the capacity of the options. It is its own data
 * lane: there are as many of these as actors, so it is one object.
 */
export class Mailbox extends Ring {
  private readonly limits: MailboxLimits;
  private control: Ring | undefined = undefined;

  /** @throws InvalidArgumentError for options that cannot be */
  constructor(options: MailboxOptions | undefined) {
    super();
    this.limits = mailboxLimits(options);
  }

  get capacity(): number {
    return this.limits.capacity;
  }

  get depth(): number {
    return this.length + (this.control === undefined ? 0 : this.control.length);
  }

  offer(item: unknown, control: boolean): Offer {
    const lane = control ? (this.control ??= new Ring()) : this;
    if (lane.length < this.limits.capacity) {
      lane.push(item);
      return 'taken';
    }
    return this.offerToFull(lane, item);
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
    if (this.control !== undefined && this.control.length > 0) return this.control.shift();
    return this.shift();
  }

  private offerToFull(lane: Ring, item: unknown): Offer {
    const { overflow } = this.limits;
    if (overflow === 'reject') return 'full';
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
