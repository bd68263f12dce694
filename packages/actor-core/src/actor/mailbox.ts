import { InvalidArgumentError } from '../errors.ts';
import { Envelope } from './envelope.ts';
import type { MailboxOptions } from './props.ts';
import { empty, Ring } from './ring.ts';

/** What became of an offered message. `displaced`: it went in and pushed the oldest one out. */
export type Offer = 'taken' | 'displaced' | 'full' | 'dropped';

const defaultCapacity = 1000;

/** Bounded queue of one actor, control lane apart. Each lane has the capacity of the options. */
export class Mailbox {
  readonly capacity: number;
  /** The message the last `displaced` offer pushed out. */
  displaced: unknown = empty;
  private readonly overflow: 'reject' | 'drop-newest' | 'drop-oldest';
  private readonly data = new Ring();
  private control: Ring | undefined = undefined;

  /** @throws InvalidArgumentError unless the capacity is a whole number of at least 1 */
  constructor(options: MailboxOptions | undefined) {
    this.capacity = options?.capacity ?? defaultCapacity;
    this.overflow = options?.overflow ?? 'reject';
    if (!(Number.isInteger(this.capacity) && this.capacity >= 1)) {
      throw new InvalidArgumentError('mailbox.capacity', 'must be a whole number of at least 1');
    }
  }

  get depth(): number {
    return this.data.length + (this.control === undefined ? 0 : this.control.length);
  }

  offer(item: unknown, control: boolean): Offer {
    const lane = control ? (this.control ??= new Ring()) : this.data;
    if (lane.length < this.capacity) {
      lane.push(item);
      return 'taken';
    }
    return this.offerToFull(lane, item);
  }

  /** Past the bound: for what the runtime itself owes the actor (signals, timers), bounded by its own requests. */
  force(item: unknown): void {
    this.data.push(item);
  }

  /** Puts messages back in front of the data lane, in order, past the bound. */
  putBack(items: readonly unknown[]): void {
    for (let i = items.length - 1; i >= 0; i--) this.data.unshift(items[i]);
  }

  /** The next message, control first, or `empty`. */
  take(): unknown {
    if (this.control !== undefined && this.control.length > 0) return this.control.shift();
    return this.data.shift();
  }

  private offerToFull(lane: Ring, item: unknown): Offer {
    if (this.overflow === 'reject') return 'full';
    if (this.overflow === 'drop-newest') return 'dropped';
    for (let i = lane.length; i > 0; i--) {
      const oldest = lane.shift();
      // What the runtime owes the actor is never pushed out: it goes to the back instead.
      if (oldest instanceof Envelope && oldest.guard !== undefined) {
        lane.push(oldest);
        continue;
      }
      lane.push(item);
      this.displaced = oldest;
      return 'displaced';
    }
    return 'full';
  }
}
