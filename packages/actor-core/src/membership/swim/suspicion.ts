import { type suspicionBounds, suspicionMs } from './swim-config.ts';

/** A suspicion under way, with the members that confirmed it independently. Source: memberlist `suspicion.go`. */
export interface Suspicion {
  /** Start of the suspicion. Time in which silence is no evidence is added to it, which prolongs the suspicion. */
  startedAtMs: number;
  readonly accusers: Set<string>;
  readonly bounds: ReturnType<typeof suspicionBounds>;
  /** When the pulse of the suspected member is asked next. */
  pulseAtMs: number;
  /** When its pulse was asked last; undefined before, and once the answer was missed. */
  askedAtMs: number | undefined;
}

export function createSuspicion(
  accuser: string,
  bounds: ReturnType<typeof suspicionBounds>,
  nowMs: number,
): Suspicion {
  return { startedAtMs: nowMs, accusers: new Set([accuser]), bounds, pulseAtMs: nowMs, askedAtMs: undefined };
}

/** True when this accuser is new and still shortens the suspicion. */
export function confirm(suspicion: Suspicion, accuser: string): boolean {
  if (suspicion.accusers.size > suspicion.bounds.wanted || suspicion.accusers.has(accuser)) return false;
  suspicion.accusers.add(accuser);
  return true;
}

/** A suspicion began, or was shortened: the node wakes up at its end, or before. */
export function expectEnd(state: { suspicionAtMs: number }, suspicion: Suspicion): void {
  state.suspicionAtMs = Math.min(state.suspicionAtMs, expiresAtMs(suspicion));
}

/** When the suspected member becomes unreachable. */
export function expiresAtMs({ startedAtMs, accusers, bounds }: Suspicion): number {
  // The first accuser starts the suspicion; only the others confirm it.
  return startedAtMs + suspicionMs(bounds, accusers.size - 1);
}
