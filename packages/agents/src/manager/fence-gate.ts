/** Whom the lead record names, and its sequence: the fence. */
export interface LeadSeen {
  readonly node: string;
  readonly fence: number;
}

/** `obey` · `refuse` · `read`: the fence is higher than that of the record that was read, so the record decides. */
export type Verdict = 'obey' | 'refuse' | 'read';

/**
 * The receiver's half of the fence: only the node that the lead record names is obeyed, and only with the record's own
 * sequence. That sequence only grows within its stream, so a higher one may belong to a later leader; the record says
 * whether it does, never the order itself.
 */
export class FenceGate {
  #lead: LeadSeen | undefined;

  /** The newest lead record read; undefined before the first reading, and while there is none. */
  get lead(): LeadSeen | undefined {
    return this.#lead;
  }

  /** The lead record was read; a reading that shows an older record takes nothing back. */
  open(record: LeadSeen | undefined): void {
    if (record !== undefined && record.fence > (this.#lead?.fence ?? 0)) this.#lead = record;
  }

  judge(node: string, fence: number): Verdict {
    const lead = this.#lead;
    if (lead === undefined || fence > lead.fence) return 'read';
    return fence === lead.fence && node === lead.node ? 'obey' : 'refuse';
  }
}
