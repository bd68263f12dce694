/**
 * Fenced writes of one leadership, one at a time: the server accepts one write in flight per fence, and two writes
 * to one subject must keep their order. A write with an unknown outcome is repeated, which does no harm because each
 * write holds the whole record.
 */
export class TenureWriter {
  readonly #append: (subject: string, payload: Uint8Array) => Promise<unknown>;
  readonly #onOutcome: (outcome: TenureWriteOutcome) => void;
  readonly #queue: PendingAppend[] = [];
  #inFlight = false;
  #stopped = false;

  constructor(
    append: (subject: string, payload: Uint8Array) => Promise<unknown>,
    onOutcome: (outcome: TenureWriteOutcome) => void,
  ) {
    this.#append = append;
    this.#onOutcome = onOutcome;
  }

  /** Writes that wait, including the one in flight. */
  get depth(): number {
    return this.#queue.length;
  }

  push(write: PendingAppend): void {
    this.#queue.push(write);
    this.pump();
  }

  /** Starts the first write of the queue unless a write is in flight; also repeats a failed write. */
  pump(): void {
    const first = this.#queue[0];
    if (this.#inFlight || this.#stopped || !first) return;
    this.#inFlight = true;
    void this.#write(first);
  }

  /** Never rejects: each outcome is reported to `onOutcome`. */
  async #write(first: PendingAppend): Promise<void> {
    let outcome: TenureWriteOutcome = { type: 'written', write: first.write };
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

  /** Drops all waiting writes. The outcome of the write in flight is not reported. */
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

export type TenureWriteOutcome =
  | { readonly type: 'written'; readonly write: number }
  | { readonly type: 'failed'; readonly error: unknown };
