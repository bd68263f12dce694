import type { Clock } from '../clock.ts';

/** How full a queue is, as the store says. */
export interface Fill {
  /** Messages of the queue. */
  readonly messages: number;
  /** Bytes of all queues of the class. */
  readonly bytes: number;
}

/** After this time the fill is asked for again. */
const refreshMs = 1_000;

/**
 * Decides whether a queue takes another message. The store cannot refuse by itself: a stream with delayed messages has
 * no limit that refuses. The fill is asked for once a second while messages are put; in between, the own ones are
 * added.
 */
export class FillGauge {
  readonly #read: () => Promise<Fill>;
  readonly #clock: Clock;
  readonly #limits: { readonly maxMessages: number; readonly maxBytes: number };
  #fill: Fill = { messages: 0, bytes: 0 };
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined = undefined;

  constructor(
    read: () => Promise<Fill>,
    clock: Clock,
    limits: { readonly maxMessages: number; readonly maxBytes: number },
  ) {
    this.#read = read;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The reason why a message of that size is refused; undefined where it is accepted, and then counted. */
  async admit(bytes: number): Promise<'messages' | 'bytes' | undefined> {
    if (this.#clock.now() - this.#readAtMs >= refreshMs) await this.#refresh();
    const { messages, bytes: held } = this.#fill;
    if (messages >= this.#limits.maxMessages) return 'messages';
    if (held + bytes > this.#limits.maxBytes) return 'bytes';
    this.#fill = { messages: messages + 1, bytes: held + bytes };
    return undefined;
  }

  #refresh(): Promise<void> {
    this.#reading ??= this.#read()
      .then((fill) => {
        this.#fill = fill;
        this.#readAtMs = this.#clock.now();
        return undefined;
      })
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }
}
