/** What a consumer tells the producer; numbers as in `DemandWord`. */
export interface Demand {
  readonly handled: number;
  readonly upTo: number;
  readonly resendFrom: number;
}

/** What to do about an item. */
export type ItemVerdict = 'handle' | 'ignore' | 'unknown' | Demand;

/**
 * One consumer's side of ordered reliable delivery, towards one producer. It lets each sequence pass exactly once
 * and in order; what an earlier life of the consumer has confirmed is skipped.
 */
export class ConsumerWindow {
  /** Which life of the producer; undefined until one said hello. */
  #life: number | undefined = undefined;
  #handled = 0;
  #told = 0;
  /** The gap for which sending again was asked for already; a hello asks again. */
  #askedFor = 0;
  #askedLife = 0;
  readonly #window: number;

  constructor(window: number) {
    this.#window = window;
  }

  /** Undefined for word of an older life, which nobody needs. */
  hello(life: number, first: number, sent: number): Demand | undefined {
    if (this.#life !== undefined && life < this.#life) return undefined;
    if (this.#life === undefined || life > this.#life) {
      this.#life = life;
      this.#handled = 0;
    }
    this.#handled = Math.max(this.#handled, first - 1);
    this.#askedFor = 0;
    return this.#demand(sent > this.#handled);
  }

  item(life: number, sequence: number): ItemVerdict {
    if (this.#life === undefined || life > this.#life) return this.#askOnce(life);
    if (life < this.#life || sequence <= this.#handled) return 'ignore';
    if (sequence === this.#handled + 1) return 'handle';
    if (this.#askedFor === this.#handled + 1) return 'ignore';
    return this.#demand(true);
  }

  /** The item that was to be handled is. Returns what to tell, if it is time. */
  done(isLast: boolean): Demand | undefined {
    this.#handled++;
    const isTime = isLast || this.#handled - this.#told >= Math.max(1, this.#window / 2);
    return isTime ? this.#demand(false) : undefined;
  }

  /** What was handled and not told yet; said before this life ends, so that the next one does not see it again. */
  rest(): Demand | undefined {
    return this.#life !== undefined && this.#handled > this.#told ? this.#demand(false) : undefined;
  }

  get producerLife(): number {
    return this.#life ?? 0;
  }

  #askOnce(life: number): ItemVerdict {
    // Items of an unknown life come in bunches; one question is enough, and the producer's timer heals a lost one.
    if (life <= this.#askedLife) return 'ignore';
    this.#askedLife = life;
    return 'unknown';
  }

  #demand(isMissing: boolean): Demand {
    this.#told = this.#handled;
    if (isMissing) this.#askedFor = this.#handled + 1;
    return {
      handled: this.#handled,
      upTo: this.#handled + this.#window,
      resendFrom: isMissing ? this.#handled + 1 : 0,
    };
  }
}
