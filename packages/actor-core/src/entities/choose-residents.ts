/** An active entity, as the choice of those that stop sees it. */
export interface Resident {
  /** Instant of its last message. */
  readonly usedAtMs: number;
  /** Whether it handles a message, or messages wait for it. */
  readonly isBusy: boolean;
}

/** Part of the limit that is freed at once, so that the choice is not made anew for each further activation. */
const freedAtOnce = 0.02;

/**
 * The entities to passivate now: those that are idle for `passivateAfterMs` (0: none), and the least recently used ones
 * above `maxResident`. A busy entity is never chosen.
 */
export function choosePassive<R extends Resident>(
  residents: readonly R[],
  limits: { readonly passivateAfterMs: number; readonly maxResident: number },
  nowMs: number,
): R[] {
  const { passivateAfterMs, maxResident } = limits;
  const idle = residents.filter(({ isBusy }) => !isBusy);
  const chosen =
    passivateAfterMs === 0 ? [] : idle.filter(({ usedAtMs }) => nowMs - usedAtMs >= passivateAfterMs);
  const excess = residents.length - chosen.length - maxResident;
  if (excess <= 0) return chosen;
  const taken = new Set(chosen);
  const oldest = idle.filter((one) => !taken.has(one)).toSorted((a, b) => a.usedAtMs - b.usedAtMs);
  return [...chosen, ...oldest.slice(0, excess + Math.floor(maxResident * freedAtOnce))];
}

/** How many entities may move in one round. */
export interface MoveLimits {
  /** Part of the entities of a node. */
  readonly share: number;
  /** Moves under way and new ones together. */
  readonly most: number;
}

/**
 * The entities to move now, of those that belong elsewhere: a bounded part, at least one, those that are idle for
 * longest first.
 */
export function chooseMoves<R extends Resident>(
  misplaced: readonly R[],
  counts: { readonly residents: number; readonly moving: number },
  { share, most }: MoveLimits,
): R[] {
  const allowed = Math.min(Math.max(1, Math.ceil(counts.residents * share)), most - counts.moving);
  return misplaced.toSorted((a, b) => a.usedAtMs - b.usedAtMs).slice(0, Math.max(0, allowed));
}
