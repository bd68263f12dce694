import { FenceGate, type LeadSeen } from './fence-gate.ts';

/** Orders held while the lead record is read. The leader repeats orders that were refused. */
const maxHeldOrders = 256;
/** Time for which the record is not read again after a read that found no newer leader. */
const rereadPauseMs = 500;

/** Sender of an order, and the fence that the order carries. */
export type Authority = LeadSeen;

/**
 * Decides at the receiver which orders are obeyed. Orders with a fence above the known one are held until the lead
 * record has been read; the caller does the reading.
 */
export class OrderGate<O> {
  readonly #fence = new FenceGate();
  #held: O[] = [];
  #isReading = false;
  #failedReads = 0;
  #readAgainAtMs = Number.NEGATIVE_INFINITY;

  /** The newest lead record that was read. */
  get lead(): LeadSeen | undefined {
    return this.#fence.lead;
  }

  /** `obey`; `read`: the order is held, read the lead record; `refuse`. */
  judge(order: O, { node, fence }: Authority, nowMs: number): 'obey' | 'read' | 'refuse' {
    const verdict = this.#fence.judge(node, fence);
    if (verdict !== 'read') return verdict;
    const mayRead = this.#isReading || nowMs >= this.#readAgainAtMs;
    if (!mayRead || this.#held.length >= maxHeldOrders) return 'refuse';
    this.#held.push(order);
    return 'read';
  }

  /** Returns false if a read is already running. */
  beginRead(): boolean {
    if (this.#isReading) return false;
    this.#isReading = true;
    return true;
  }

  /** Stores the lead record that was read. Returns the held orders, which must be judged again. */
  endRead(lead: LeadSeen | undefined, nowMs: number): O[] {
    this.#isReading = false;
    this.#failedReads = 0;
    const before = this.#fence.lead?.fence;
    this.#fence.update(lead);
    if (this.#fence.lead?.fence === before) this.#readAgainAtMs = nowMs + rereadPauseMs;
    return this.#held.splice(0);
  }

  /** The read failed; orders stay held. Returns how many reads failed in a row. */
  failRead(): number {
    this.#isReading = false;
    this.#failedReads += 1;
    return this.#failedReads;
  }
}
