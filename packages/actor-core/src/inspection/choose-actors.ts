import type { Seen } from './most-relevant.ts';

/**
 * Chooses the actors to show: the most relevant top actors for half of the limit, or more when there are few others;
 * then the most relevant of the others, each with its ancestors. The result has the order of the tree. Pure.
 */
export function chooseActors(tops: readonly Seen[], others: readonly Seen[], limit: number): readonly Seen[] {
  const share = Math.max(Math.ceil(limit / 2), limit - others.length);
  const chosen = new Set<Seen>(tops.slice(0, share));
  for (const seen of [...others, ...tops.slice(share)]) {
    if (chosen.size >= limit) break;
    const line = lineOf(seen, chosen);
    // An actor is shown only with its ancestors.
    if (chosen.size + line.length <= limit) for (const one of line) chosen.add(one);
  }
  return [...chosen].toSorted((a, b) => a.order - b.order);
}

/** The actor and its ancestors, up to the first ancestor that is chosen already. */
function lineOf(seen: Seen, chosen: ReadonlySet<Seen>): Seen[] {
  const line: Seen[] = [];
  for (let one: Seen | undefined = seen; one !== undefined && !chosen.has(one); one = one.parent)
    line.push(one);
  return line;
}
