/** What a gateway knows of a quota while the store does not answer. */
export interface ShareFacts {
  readonly limit: number;
  /** Units that counted when the store last answered, and still do; those of the share left out. */
  readonly counted: number;
  /** Units of its share that this gateway used within the window. */
  readonly ownShare: number;
  readonly needed: number;
  /** Gateways of the cluster, this one included: the most that it knew within the last minute. */
  readonly gateways: number;
}

/**
 * Whether a gateway may go on without the store: each gateway has an equal share of what was left, so that all together
 * stay within the limit. Where only one of several gateways cannot reach the store, at most its share comes on top.
 */
export function decideShare({ limit, counted, ownShare, needed, gateways }: ShareFacts): boolean {
  const share = Math.floor(Math.max(0, limit - counted) / Math.max(1, gateways));
  return ownShare + needed <= share;
}
