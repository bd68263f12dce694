import { FenceRejectedError } from '../errors.ts';

/**
 * Fenced writes of one leadership. Writes to different subjects are handed over at once, so that the tenure commits
 * those together that wait together; writes to one subject follow each other, so that they keep their order. A write
 * with an unknown outcome is repeated, which does no harm because each write holds the whole record.
 */
export class TenureWriter {
  readonly #append: (subject: string, payload: Uint8Array) => Promise<unknown>;
  readonly #onOutcome: (outcome: TenureWriteOutcome) => void;
  /** Writes by subject; the first of each is in flight, or has failed. */
  readonly #bySubject = new Map<string, PendingAppend[]>();
  /** Subjects whose first write has failed. */
  readonly #failed = new Set<string>();
  #depth = 0;
  #stopped = false;

  constructor(
    append: (subject: string, payload: Uint8Array) => Promise<unknown>,
    onOutcome: (outcome: TenureWriteOutcome) => void,
  ) {
    this.#append = append;
    this.#onOutcome = onOutcome;
  }

  /** Writes that are not known to be durable, including those in flight. */
  get depth(): number {
    return this.#depth;
  }

  push(write: PendingAppend): void {
    if (this.#stopped) return;
    this.#depth += 1;
    const earlier = this.#bySubject.get(write.subject);
    if (earlier !== undefined) {
      earlier.push(write);
      return;
    }
    this.#bySubject.set(write.subject, [write]);
    void this.#write(write);
  }

  /** Repeats the writes that have failed. */
  repeat(): void {
    const subjects = [...this.#failed];
    this.#failed.clear();
    for (const subject of subjects) {
      const first = this.#bySubject.get(subject)?.[0];
      if (first !== undefined) void this.#write(first);
    }
  }

  /** Drops all waiting writes. The outcomes of those in flight are not reported. */
  stop(): void {
    this.#stopped = true;
    this.#bySubject.clear();
    this.#failed.clear();
    this.#depth = 0;
  }

  /** Never rejects: each outcome is reported to `onOutcome`. */
  async #write({ write, subject, payload }: PendingAppend): Promise<void> {
    try {
      await this.#append(subject, payload);
    } catch (error) {
      this.#fail(subject, error);
      return;
    }
    if (this.#stopped) return;
    this.#depth -= 1;
    const writes = this.#bySubject.get(subject);
    writes?.shift();
    const next = writes?.[0];
    if (next === undefined) this.#bySubject.delete(subject);
    else void this.#write(next);
    this.#onOutcome({ type: 'written', write });
  }

  /** Of the writes that fail between two repetitions only the first is reported, and a lost fence always. */
  #fail(subject: string, error: unknown): void {
    if (this.#stopped) return;
    const isFirst = this.#failed.size === 0;
    this.#failed.add(subject);
    if (isFirst || error instanceof FenceRejectedError) this.#onOutcome({ type: 'failed', error });
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
