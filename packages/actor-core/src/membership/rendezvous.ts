/** A candidate of a placement, and its share: twice the weight gets twice the entities. 0 or less gets none. */
export interface Weighted {
  readonly id: string;
  readonly weight: number;
}

/**
 * The candidate that gets `name`, by weighted rendezvous hashing: every node computes the same one from the same
 * candidates. When a candidate is added or removed, only the names that it gains or had move (Schindelhauer and
 * Schomaker, "Weighted distributed hash tables", SPAA 2005: the score is `-weight / ln(hash)`).
 *
 * Undefined where no candidate has a weight above 0. Equal scores go to the lower id.
 */
export function rendezvous(name: string, candidates: readonly Weighted[]): string | undefined {
  let best: string | undefined;
  let bestScore = 0;
  for (const { id, weight } of candidates) {
    if (!(weight > 0)) continue;
    const score = -weight / Math.log(unitOf(`${id}|${name}`));
    if (best !== undefined && (score < bestScore || (score === bestScore && id > best))) continue;
    best = id;
    bestScore = score;
  }
  return best;
}

/** A hash of 32 bits: FNV-1a, then the finalizer of MurmurHash3, without which similar names get similar hashes. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The hash as a number above 0 and below 1. */
function unitOf(text: string): number {
  return (hashOf(text) + 0.5) / 2 ** 32;
}
