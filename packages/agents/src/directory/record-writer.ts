/**
 * Fenced writes of one leadership, one after another: the server admits one in flight a fence, and order matters
 * where one subject is written twice. A write of unknown outcome is written again; as it says the whole record,
 * twice is as good as once.
 */
export class RecordWriter {
  readonly #append: (subject: string, payload: Uint8Array) => Promise<unknown>;
  readonly #onOutcome: (outcome: WriteOutcome) => void;
  readonly #queue: PendingAppend[] = [];
  #inFlight = false;
  #stopped = false;

  constructor(
    append: (subject: string, payload: Uint8Array) => Promise<unknown>,
    onOutcome: (outcome: WriteOutcome) => void,
  ) {
    this.#append = append;
    this.#onOutcome = onOutcome;
  }

  get depth(): number {
    return this.#queue.length;
  }

  push(write: PendingAppend): void {
    this.#queue.push(write);
    this.pump();
  }

  /** Writes what is first in the queue, unless a write is in flight; also tries a failed one again. */
  pump(): void {
    const first = this.#queue[0];
    if (this.#inFlight || this.#stopped || !first) return;
    this.#inFlight = true;
    void this.#write(first);
  }

  /** Never rejects: every outcome is told. */
  async #write(first: PendingAppend): Promise<void> {
    let outcome: WriteOutcome = { type: 'written', write: first.write };
    try {
      await this.#append(first.subject, first.payload);
    } catch (error) {
      outcome = { type: 'failed', error };
    }
    this.#inFlight = false;
    if (this.#stopped) return;
    if (outcome.type === 'written') this.#queue.shift();
    this.#onOutcome(outcome);
    if (outcome.type === 'written') this.pump();
  }

  /** Nothing more is written; what is in flight is not heard of any more. */
  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
  }
}

export interface PendingAppend {
  readonly write: number;
  readonly subject: string;
  readonly payload: Uint8Array;
}

export type WriteOutcome =
  | { readonly type: 'written'; readonly write: number }
  | { readonly type: 'failed'; readonly error: unknown };
