import { InvalidArgumentError } from '../errors.ts';

/** What the producer's side wants done, in order. */
export type ProducerEffect<E> =
  | { readonly type: 'hello'; readonly first: number; readonly sent: number }
  | { readonly type: 'item'; readonly sequence: number; readonly isLast: boolean; readonly entry: E }
  | { readonly type: 'confirmed'; readonly entry: E };

export interface ProducerWindowOptions {
  /** Entries kept at most, sent or not. */
  readonly capacity: number;
  /** Silence after which the consumer is greeted again; doubled each time up to `resendMaxMs`. */
  readonly resendMs: number;
  readonly resendMaxMs: number;
}

/**
 * One producer's side of ordered reliable delivery: facts in, effects out, nothing performed. Entries are numbered
 * from 1; `confirmed < sequence <= sent` is on its way, `sent < sequence <= last` waits for credit.
 */
export class ProducerWindow<E> {
  readonly #options: ProducerWindowOptions;
  #entries: E[] = [];
  #confirmed = 0;
  #sent = 0;
  #upTo = 0;
  #isGreeted = false;
  #waitMs: number;
  #quietSinceMs = 0;

  constructor(options: ProducerWindowOptions) {
    this.#options = options;
    this.#waitMs = options.resendMs;
  }

  /** Entries that the consumer would take now. */
  get free(): number {
    return Math.max(0, this.#upTo - this.#last);
  }

  get isFull(): boolean {
    return this.#entries.length >= this.#options.capacity;
  }

  /** When `tick` is due; undefined while nothing waits for the consumer. */
  get dueMs(): number | undefined {
    return this.#entries.length === 0 ? undefined : this.#quietSinceMs + this.#waitMs;
  }

  /** Everything not confirmed, in order. */
  get unconfirmed(): readonly E[] {
    return this.#entries;
  }

  /** The first that was sent and is not confirmed: what the consumer has in hand, as far as is known. */
  get inHand(): E | undefined {
    return this.#sent > this.#confirmed ? this.#entries[0] : undefined;
  }

  /** Gives up what is in hand: the consumer is told to go on after it. */
  skip(): ProducerEffect<E>[] {
    if (this.inHand === undefined) return [];
    this.#entries.shift();
    this.#confirmed++;
    return this.greet();
  }

  /** Greets the consumer, whose credit is unknown until it answers. */
  greet(): ProducerEffect<E>[] {
    this.#isGreeted = true;
    return [{ type: 'hello', first: this.#confirmed + 1, sent: this.#sent }];
  }

  /** @throws InvalidArgumentError when full: look at `isFull` first */
  offer(entry: E, nowMs: number): ProducerEffect<E>[] {
    if (this.isFull) throw new InvalidArgumentError('entry', 'does not fit the window');
    if (this.#entries.length === 0) this.#heardAt(nowMs);
    this.#entries.push(entry);
    return this.#isGreeted ? this.#sendNew() : this.greet();
  }

  demand(handled: number, upTo: number, resendFrom: number, nowMs: number): ProducerEffect<E>[] {
    const effects: ProducerEffect<E>[] = [];
    const confirmed = Math.min(handled, this.#sent);
    if (confirmed > this.#confirmed) {
      for (const entry of this.#entries.splice(0, confirmed - this.#confirmed))
        effects.push({ type: 'confirmed', entry });
      this.#confirmed = confirmed;
    }
    this.#upTo = Math.max(this.#upTo, upTo);
    this.#heardAt(nowMs);
    // It lacks what an earlier life of it has handled: that is over, it goes on after it.
    if (resendFrom > 0 && resendFrom <= this.#confirmed) effects.push(...this.greet());
    else if (resendFrom > 0) effects.push(...this.#items(resendFrom, this.#sent));
    return [...effects, ...this.#sendNew()];
  }

  /** The consumer has forgotten, or never known, this producer. */
  unknown(): ProducerEffect<E>[] {
    return this.greet();
  }

  /** The consumer has been silent: it, the items or its words were lost. */
  tick(nowMs: number): ProducerEffect<E>[] {
    if (this.dueMs === undefined || nowMs < this.dueMs) return [];
    this.#quietSinceMs = nowMs;
    this.#waitMs = Math.min(this.#waitMs * 2, this.#options.resendMaxMs);
    return this.greet();
  }

  get #last(): number {
    return this.#confirmed + this.#entries.length;
  }

  #heardAt(nowMs: number): void {
    this.#quietSinceMs = nowMs;
    this.#waitMs = this.#options.resendMs;
  }

  #sendNew(): ProducerEffect<E>[] {
    const from = this.#sent + 1;
    this.#sent = Math.max(this.#sent, Math.min(this.#upTo, this.#last));
    return this.#items(from, this.#sent);
  }

  #items(from: number, to: number): ProducerEffect<E>[] {
    const effects: ProducerEffect<E>[] = [];
    for (let sequence = from; sequence <= to; sequence++) {
      const entry = this.#entries[sequence - this.#confirmed - 1] as E;
      effects.push({ type: 'item', sequence, isLast: sequence === to, entry });
    }
    return effects;
  }
}
