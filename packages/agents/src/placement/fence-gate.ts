/** The node that the newest lead record names, and the record's sequence, which is the fence. */
export interface LeadSeen {
  readonly node: string;
  readonly fence: number;
}

/** `obey` · `refuse` · `read`: the fence is above that of the known lead record, so the record must be read again. */
export type Verdict = 'obey' | 'refuse' | 'read';

/**
 * Checks the fence of an order at its receiver: accepts only the node that the lead record names, with the record's
 * sequence. Sequences of the stream never decrease, so a higher fence may belong to a later leader. Only the lead
 * record shows whether it does; the order itself is not trusted.
 */
export class FenceGate {
  #lead: LeadSeen | undefined;

  /** The newest lead record that was read; undefined before the first read, and while there is no record. */
  get lead(): LeadSeen | undefined {
    return this.#lead;
  }

  /** Stores a lead record that was read; a record that is older than the known one is ignored. */
  update(record: LeadSeen | undefined): void {
    if (record !== undefined && record.fence > (this.#lead?.fence ?? 0)) this.#lead = record;
  }

  judge(node: string, fence: number): Verdict {
    const lead = this.#lead;
    if (lead === undefined || fence > lead.fence) return 'read';
    return fence === lead.fence && node === lead.node ? 'obey' : 'refuse';
  }
}
