import type { Seen } from './most-relevant.ts';

/**
 * Which of the most relevant are shown: as many of the uppermost as half the limit holds, more where the others leave
 * room; then the others in turn, each with all it is a descendant of. In the order of the tree. Pure.
 */
export function chooseActors(tops: readonly Seen[], others: readonly Seen[], limit: number): readonly Seen[] {
  const room = Math.max(Math.ceil(limit / 2), limit - others.length);
  const chosen = new Set<Seen>(tops.slice(0, room));
  for (const seen of [...others, ...tops.slice(room)]) {
    if (chosen.size >= limit) break;
    const line = lineOf(seen, chosen);
    // Without those above it nobody could tell where it belongs.
    if (chosen.size + line.length <= limit) for (const one of line) chosen.add(one);
  }
  return [...chosen].toSorted((a, b) => a.order - b.order);
}

/** It and those above it, up to the first that is chosen already. */
function lineOf(seen: Seen, chosen: ReadonlySet<Seen>): Seen[] {
  const line: Seen[] = [];
  for (let one: Seen | undefined = seen; one !== undefined && !chosen.has(one); one = one.parent)
    line.push(one);
  return line;
}
