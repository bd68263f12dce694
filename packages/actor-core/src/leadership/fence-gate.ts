/** The node that the newest lead record names, and the record's sequence, which is the fence. */
export interface LeadSeen {
  readonly node: string;
  readonly fence: number;
}

/** `obey` · `refuse` · `read`: the fence is above that of the known lead record, so the record must be read again. */
export type Verdict = 'obey' | 'refuse' | 'read';

/**
 * How often in a row, and for how long, reads have to find an older lead record than the known one, or none, before it
 * is believed: the log lost the known one. A server that lags behind answers so too, for some seconds.
 */
const olderReadsBelieved = 4;
const olderBelievedMs = 5_000;

/**
 * Checks the fence of an order at its receiver: accepts only the node that the lead record names, with the record's
 * sequence. Sequences of a log never decrease, so a higher fence may belong to a later leader. Only the lead record
 * shows whether it does; the order itself is not trusted.
 */
export class FenceGate {
  #lead: LeadSeen | undefined;
  #olderReads = 0;
  #olderSinceMs = 0;

  /** The newest lead record that was read; undefined before the first read, and while there is no record. */
  get lead(): LeadSeen | undefined {
    return this.#lead;
  }

  /** Takes a lead record that was read. An older one than the known one is believed when reads keep finding it. */
  update(record: LeadSeen | undefined, nowMs: number): void {
    const isOlder = (record?.fence ?? 0) < (this.#lead?.fence ?? 0);
    if (isOlder && this.#olderReads === 0) this.#olderSinceMs = nowMs;
    this.#olderReads = isOlder ? this.#olderReads + 1 : 0;
    const isBelieved =
      this.#olderReads >= olderReadsBelieved && nowMs - this.#olderSinceMs >= olderBelievedMs;
    if (isOlder && !isBelieved) return;
    this.#olderReads = 0;
    this.#lead = record;
  }

  judge(node: string, fence: number): Verdict {
    const lead = this.#lead;
    if (lead === undefined || fence > lead.fence) return 'read';
    return fence === lead.fence && node === lead.node ? 'obey' : 'refuse';
  }
}
