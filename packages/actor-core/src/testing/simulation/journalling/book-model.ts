import type { BookAnswer, BookState } from './ledger-book.ts';

interface SetTimer {
  /** Earliest instant, by the server's clock, at which it may fire. */
  readonly earliestMs: number;
  /** Whether a cancellation was sent: then it may fire or not. */
  isCancelling: boolean;
  /** A cancellation was confirmed, and the timer had not fired. */
  isCancelled: boolean;
}

/** What is known for certain of one book: all that was answered. Reports what contradicts it. */
export class BookModel {
  /** By position, the entry that was answered there, and the fence under which. */
  readonly #answered = new Map<number, { readonly id: string; readonly fence: number }>();
  /** Entries that were refused as certainly not stored. */
  readonly #refused = new Set<string>();
  readonly #timers = new Map<string, SetTimer>();

  get answered(): number {
    return this.#answered.size;
  }

  /** All of it is void: the store lost records. */
  forget(): void {
    this.#answered.clear();
    this.#refused.clear();
    this.#timers.clear();
  }

  added(id: string, { state, fence }: BookAnswer): string | undefined {
    const position = state.ids.lastIndexOf(id);
    if (position === -1) return `${id} was answered, and the state lacks it`;
    const other = this.#answered.get(position);
    this.#answered.set(position, { id, fence });
    if (other !== undefined && other.id !== id)
      return `${id} and ${other.id} were both stored as entry ${position}`;
    return this.check(state, fence);
  }

  refused(id: string): void {
    this.#refused.add(id);
  }

  timerSet(key: string, earliestMs: number): void {
    this.#timers.set(key, { earliestMs, isCancelling: false, isCancelled: false });
  }

  cancelling(key: string): void {
    const timer = this.#timers.get(key);
    if (timer !== undefined) timer.isCancelling = true;
  }

  cancelled(key: string, { state }: BookAnswer): void {
    const timer = this.#timers.get(key);
    if (timer !== undefined) timer.isCancelled = !state.fired.includes(key);
  }

  /** A timer that may be cancelled. */
  get openTimers(): string[] {
    return [...this.#timers].flatMap(([key, { isCancelling }]) => (isCancelling ? [] : [key]));
  }

  earliestOf(key: string): number {
    return this.#timers.get(key)?.earliestMs ?? 0;
  }

  /** Checks a state that was read under a fence: it has all that was answered under that fence or an earlier one. */
  check({ ids, fired }: BookState, fence: number): string | undefined {
    for (const [position, answered] of this.#answered)
      if (answered.fence <= fence && ids[position] !== answered.id)
        return `entry ${position} was answered as ${answered.id}, and is ${ids[position] ?? 'missing'}`;
    const undead = ids.find((id) => this.#refused.has(id));
    if (undead !== undefined) return `${undead} was refused as not stored, and is stored`;
    const late = fired.find((key) => this.#timers.get(key)?.isCancelled === true);
    return late === undefined ? undefined : `the timer ${late} fired after its confirmed cancellation`;
  }

  /** Checks a state in which every timer had time to fire. */
  checkEnd({ fired }: BookState, nowMs: number): string | undefined {
    for (const [key, { earliestMs, isCancelling }] of this.#timers)
      if (!isCancelling && earliestMs < nowMs && !fired.includes(key)) return `the timer ${key} did not fire`;
    return undefined;
  }
}
