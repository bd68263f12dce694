import { InvalidArgumentError } from '../errors.ts';

/**
 * An instant of a hybrid logical clock: later than everything its node had seen, and close to the wall clock.
 * Compared by `wallMs`, then `counter`, then `node`; no two are equal.
 *
 * Source: Kulkarni et al., "Logical Physical Clocks", 2014.
 */
export interface Stamp {
  readonly wallMs: number;
  /** Orders instants of one millisecond. */
  readonly counter: number;
  readonly node: string;
}

/** The stamp before all others. */
export const zeroStamp: Stamp = Object.freeze({ wallMs: 0, counter: 0, node: '' });

/** A stamp this far ahead of the own wall clock is not followed: one clock from the future must not drag all others. */
const maxAheadMs = 60_000;

/** Negative: `a` is earlier. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.wallMs - b.wallMs || a.counter - b.counter || (a.node < b.node ? -1 : a.node > b.node ? 1 : 0);
}

/** The clock of one node. Its stamps only grow, also when the wall clock steps back. */
export class HybridClock {
  readonly #node: string;
  readonly #wallNow: () => number;
  #last: Stamp;

  constructor(node: string, wallNow: () => number) {
    if (node === '') throw new InvalidArgumentError('node', 'must not be empty');
    this.#node = node;
    this.#wallNow = wallNow;
    this.#last = { ...zeroStamp, node };
  }

  next(): Stamp {
    const { wallMs, counter } = this.#last;
    const nowMs = Math.floor(this.#wallNow());
    this.#last =
      nowMs > wallMs
        ? { wallMs: nowMs, counter: 0, node: this.#node }
        : { wallMs, counter: counter + 1, node: this.#node };
    return this.#last;
  }

  /** Takes in a stamp of another node: later stamps of this one are after it. False when it is too far ahead. */
  observe(stamp: Stamp): boolean {
    if (stamp.wallMs > this.#wallNow() + maxAheadMs) return false;
    const { wallMs, counter } = this.#last;
    if (stamp.wallMs > wallMs || (stamp.wallMs === wallMs && stamp.counter > counter))
      this.#last = { wallMs: stamp.wallMs, counter: stamp.counter, node: this.#node };
    return true;
  }
}
