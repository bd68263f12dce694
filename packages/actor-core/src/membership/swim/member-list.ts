import type { Suspicion } from './suspicion.ts';
import { compareVersions, type DigestEntry, type Version } from './swim-message.ts';

/**
 * - `alive`: acknowledges, or has refuted every suspicion
 * - `suspect`: a probe was lost; becomes `unreachable` unless the member refutes in time
 * - `unreachable`: evidence only. Whether the member is dead is decided by the view, not here.
 * - `left`: said that it ends
 */
export type SwimStatus = 'alive' | 'suspect' | 'unreachable' | 'left';

/** What this node knows of another one. */
export interface SwimMember {
  readonly node: string;
  incarnation: number;
  refutation: number;
  /** 0 until the metadata arrived. */
  metadataVersion: number;
  metadata: Uint8Array;
  status: SwimStatus;
  statusSinceMs: number;
  /** When the last message of the member itself arrived. */
  receivedAtMs: number;
  lagMs: number;
  suspicion: Suspicion | undefined;
}

/** For equal versions the statement with the higher rank replaces the other one. */
const rank: Readonly<Record<SwimStatus, number>> = { alive: 0, suspect: 1, unreachable: 2, left: 3 };

/** True when the statement `next` about a member replaces `known`. */
export function replaces(
  next: Version & { readonly status: SwimStatus },
  known: Version & { readonly status: SwimStatus },
): boolean {
  const order = compareVersions(next, known);
  return order > 0 || (order === 0 && rank[next.status] > rank[known.status]);
}

export function digestOf(members: Iterable<SwimMember>): DigestEntry[] {
  const entries: DigestEntry[] = [];
  for (const { node, incarnation, refutation, status, metadataVersion } of members)
    entries.push({ node, incarnation, refutation, status, metadataVersion });
  return entries;
}

/**
 * Sum over a member list that does not depend on its order; equal lists have equal sums. A suspicion is not part of it:
 * it is a question under way, not a difference.
 */
export function hashOf(entries: Iterable<DigestEntry>): number {
  let sum = 0;
  for (const { node, incarnation, refutation, status, metadataVersion } of entries) {
    const isUp = status === 'alive' || status === 'suspect';
    sum =
      (sum + hashText(`${node}|${incarnation}|${refutation}|${isUp ? 'up' : status}|${metadataVersion}`)) %
      2 ** 48;
  }
  return sum;
}

/** FNV-1a, two halves: 48 bits. */
function hashText(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9dc5;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193) >>> 0;
    high = Math.imul(high ^ code, 0x0193) & 0xffff;
  }
  return high * 2 ** 32 + low;
}
