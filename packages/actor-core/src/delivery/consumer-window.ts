/** Confirmation and credit for the producer; numbers as in `DemandMessage`. */
export interface Demand {
  readonly handled: number;
  readonly upTo: number;
  readonly resendFrom: number;
}

/** What to do with an item. */
export type ItemVerdict = 'handle' | 'ignore' | 'unknown' | Demand;

/**
 * The consumer's side of ordered reliable delivery from one producer, as a pure core. Each sequence passes exactly once
 * and in order. What an earlier incarnation of the consumer has confirmed is skipped.
 */
export class ConsumerWindow {
  /** Channel of the producer; undefined until its first handshake. */
  #channel: number | undefined = undefined;
  #handled = 0;
  #confirmed = 0;
  /** The gap for which a resend was requested already; a handshake requests it again. */
  #askedFor = 0;
  #askedChannel = 0;
  readonly #window: number;

  constructor(window: number) {
    this.#window = window;
  }

  /** A handshake of the producer. Undefined for an outdated channel. */
  hello(channel: number, first: number, sent: number): Demand | undefined {
    if (this.#channel !== undefined && channel < this.#channel) return undefined;
    if (this.#channel === undefined || channel > this.#channel) {
      this.#channel = channel;
      this.#handled = 0;
    }
    this.#handled = Math.max(this.#handled, first - 1);
    this.#askedFor = 0;
    return this.#demand(sent > this.#handled);
  }

  item(channel: number, sequence: number): ItemVerdict {
    if (this.#channel === undefined || channel > this.#channel) return this.#askOnce(channel);
    if (channel < this.#channel || sequence <= this.#handled) return 'ignore';
    if (sequence === this.#handled + 1) return 'handle';
    if (this.#askedFor === this.#handled + 1) return 'ignore';
    return this.#demand(true);
  }

  /** The current item is handled. Returns the demand to send, if one is due. */
  done(isLast: boolean): Demand | undefined {
    this.#handled++;
    const isTime = isLast || this.#handled - this.#confirmed >= Math.max(1, this.#window / 2);
    return isTime ? this.#demand(false) : undefined;
  }

  /**
   * Confirmation that was not sent yet; sent before this incarnation ends, so that the next one does not receive the
   * items again.
   */
  rest(): Demand | undefined {
    return this.#channel !== undefined && this.#handled > this.#confirmed ? this.#demand(false) : undefined;
  }

  get channel(): number {
    return this.#channel ?? 0;
  }

  #askOnce(channel: number): ItemVerdict {
    // Items of an unknown channel arrive in bursts. One request is enough: the producer's timer makes up for a lost
    // one.
    if (channel <= this.#askedChannel) return 'ignore';
    this.#askedChannel = channel;
    return 'unknown';
  }

  #demand(isMissing: boolean): Demand {
    this.#confirmed = this.#handled;
    if (isMissing) this.#askedFor = this.#handled + 1;
    return {
      handled: this.#handled,
      upTo: this.#handled + this.#window,
      resendFrom: isMissing ? this.#handled + 1 : 0,
    };
  }
}
