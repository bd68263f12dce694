import { InvalidArgumentError } from '../errors.ts';

/** Effects of the producer's side, in order. */
export type ProducerEffect<E> =
  | { readonly type: 'hello'; readonly first: number; readonly sent: number }
  | { readonly type: 'item'; readonly sequence: number; readonly isLast: boolean; readonly entry: E }
  | { readonly type: 'confirmed'; readonly entry: E };

export interface ProducerWindowOptions {
  /** Limit of entries, sent or not. */
  readonly capacity: number;
  /** Silence after which the handshake is repeated; doubled each time up to `resendMaxMs`. */
  readonly resendMs: number;
  readonly resendMaxMs: number;
}

/**
 * The producer's side of ordered reliable delivery to one consumer, as a pure core: facts in, effects out. Entries are
 * numbered from 1; those with `confirmed < sequence <= sent` are in flight, those with `sent < sequence <= last` wait
 * for credit.
 */
export class ProducerWindow<E> {
  readonly #options: ProducerWindowOptions;
  #entries: E[] = [];
  #confirmed = 0;
  #sent = 0;
  #upTo = 0;
  #hasStartedHandshake = false;
  #waitMs: number;
  #quietSinceMs = 0;

  constructor(options: ProducerWindowOptions) {
    this.#options = options;
    this.#waitMs = options.resendMs;
  }

  /** Number of further entries that the consumer accepts now. */
  get free(): number {
    return Math.max(0, this.#upTo - this.#last);
  }

  get isFull(): boolean {
    return this.#entries.length >= this.#options.capacity;
  }

  /** Instant at which `tick` is due; undefined while the producer waits for nothing. */
  get dueMs(): number | undefined {
    return this.#entries.length === 0 ? undefined : this.#quietSinceMs + this.#waitMs;
  }

  /** All entries that are not confirmed, in order. */
  get unconfirmed(): readonly E[] {
    return this.#entries;
  }

  /** The first entry that was sent and is not confirmed: the consumer's current message, as far as is known. */
  get current(): E | undefined {
    return this.#sent > this.#confirmed ? this.#entries[0] : undefined;
  }

  /** Gives up the current message: the consumer is told to continue after it. */
  skip(): ProducerEffect<E>[] {
    if (this.current === undefined) return [];
    this.#entries.shift();
    this.#confirmed++;
    return this.startHandshake();
  }

  /** Starts a handshake. The credit is unknown until the consumer answers. */
  startHandshake(): ProducerEffect<E>[] {
    this.#hasStartedHandshake = true;
    return [{ type: 'hello', first: this.#confirmed + 1, sent: this.#sent }];
  }

  /** @throws InvalidArgumentError when the window is full: check `isFull` first */
  offer(entry: E, nowMs: number): ProducerEffect<E>[] {
    if (this.isFull) throw new InvalidArgumentError('entry', 'does not fit the window');
    if (this.#entries.length === 0) this.#heardAt(nowMs);
    this.#entries.push(entry);
    return this.#hasStartedHandshake ? this.#sendNew() : this.startHandshake();
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
    // The consumer restarted: tell it where to continue. An earlier incarnation has handled everything before that.
    if (resendFrom > 0 && resendFrom <= this.#confirmed) effects.push(...this.startHandshake());
    else if (resendFrom > 0) effects.push(...this.#items(resendFrom, this.#sent));
    return [...effects, ...this.#sendNew()];
  }

  /** The consumer does not know this producer, or no longer. */
  unknown(): ProducerEffect<E>[] {
    return this.startHandshake();
  }

  /** The consumer was silent for `resendMs`: it, an item or an answer of it was lost. */
  tick(nowMs: number): ProducerEffect<E>[] {
    if (this.dueMs === undefined || nowMs < this.dueMs) return [];
    this.#quietSinceMs = nowMs;
    this.#waitMs = Math.min(this.#waitMs * 2, this.#options.resendMaxMs);
    return this.startHandshake();
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
