import { FenceGate, type LeadSeen } from './fence-gate.ts';

/** Orders held while the lead record is read. Leaders repeat orders that were refused. */
const maxHeldOrders = 256;
/** Time for which the record is not read again after a read that found no newer leader. */
const rereadPauseMs = 500;
/**
 * Time after a read for which an order of an older leader is refused without another read. After it the log may have
 * lost the known record, and the leader with the lower fence may be the right one.
 */
const olderPauseMs = 1_000;

/**
 * Decides at the receiver which orders of a group's leader are obeyed. Orders with a fence above the known one are held
 * until the lead record has been read; the caller reads it with `readLeader`. A node that stole a credential can
 * therefore name any fence, and moves nothing.
 */
export class OrderGate<O> {
  readonly #fence = new FenceGate();
  #held: O[] = [];
  #isReading = false;
  #failedReads = 0;
  #readAgainAtMs = Number.NEGATIVE_INFINITY;
  #readAtMs = Number.NEGATIVE_INFINITY;

  /** The newest lead record that was read. */
  get lead(): LeadSeen | undefined {
    return this.#fence.lead;
  }

  /** `obey`; `read`: the order is held, read the lead record; `refuse`. `authority`: sender and fence of the order. */
  judge(order: O, { node, fence }: LeadSeen, nowMs: number): 'obey' | 'read' | 'refuse' {
    const verdict = this.#fence.judge(node, fence);
    if (verdict === 'obey') return verdict;
    const pausedUntilMs = verdict === 'read' ? this.#readAgainAtMs : this.#readAtMs + olderPauseMs;
    const mayRead = this.#isReading || nowMs >= pausedUntilMs;
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
    this.#fence.update(lead, nowMs);
    this.#readAtMs = nowMs;
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
