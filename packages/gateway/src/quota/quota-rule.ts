/** What one quota allows over all gateways together. */
export interface QuotaRule {
  /** Identity over all gateways, such as `key:0123456789abcdef:requests`. */
  readonly name: string;
  /** `rate`: units in any minute · `slots`: units at the same time. */
  readonly kind: 'rate' | 'slots';
  /** Most units. */
  readonly limit: number;
}

/** Every span of this length has at most `QuotaRule.limit` units of a rate. */
export const windowMs = 60_000;

/**
 * How long a gateway may use a slice of a rate that it took, counted from when it sent the claim: before any gateway
 * knew of it. What is left then is given back. A short time lets the others have unused units soon.
 */
export const sliceMs = 2_000;

/** How long slots are held after the last renewal: those of a dead gateway are free again after this time. */
export const slotLeaseMs = 15_000;

/** Time between two renewals of held slots. */
export const slotRenewMs: number = slotLeaseMs / 3;

/** How long a gateway keeps a slot that no request uses, for the next request. */
export const slotIdleMs = 1_000;
