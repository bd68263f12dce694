/**
 * When an instance is probed, as data: one probe at a time, one every interval, and one after each event that may have
 * changed what Ollama lists.
 *
 * Such an event takes effect a little later than it is heard of (Ollama answers an unload before it is done), so only a
 * probe that begins at `event + delay` or later has seen it. Many events make one probe; an event that a probe began too
 * early for, or that falls into one, leads to another one after it.
 */
export interface ProbeSchedule {
  readonly underWay: boolean;
  /** The next probe nobody asked for; `Infinity` before the first one is over. */
  readonly periodicAtMs: number;
  /** When to look for the earliest event not seen yet; `Infinity` for none. */
  readonly firstWantedAtMs: number;
  /** From when a probe has seen every event; `-Infinity` for none. */
  readonly lastWantedAtMs: number;
}

const nothingWanted = {
  firstWantedAtMs: Number.POSITIVE_INFINITY,
  lastWantedAtMs: Number.NEGATIVE_INFINITY,
} as const;

export const emptySchedule: ProbeSchedule = {
  underWay: false,
  periodicAtMs: Number.POSITIVE_INFINITY,
  ...nothingWanted,
};

/** When to begin the next probe; `Infinity` while one is under way. */
export function probeDueAtMs(schedule: ProbeSchedule): number {
  if (schedule.underWay) return Number.POSITIVE_INFINITY;
  return Math.min(schedule.periodicAtMs, schedule.firstWantedAtMs);
}

/** A probe that begins at `atMs` or later is wanted. */
export function wantProbe(schedule: ProbeSchedule, atMs: number): ProbeSchedule {
  return {
    ...schedule,
    firstWantedAtMs: Math.min(schedule.firstWantedAtMs, atMs),
    lastWantedAtMs: Math.max(schedule.lastWantedAtMs, atMs),
  };
}

/** A probe begins. What it is too early for stays wanted. */
export function beginProbe(schedule: ProbeSchedule, nowMs: number): ProbeSchedule {
  const { lastWantedAtMs } = schedule;
  const left = lastWantedAtMs > nowMs ? { firstWantedAtMs: lastWantedAtMs, lastWantedAtMs } : nothingWanted;
  return { ...schedule, underWay: true, ...left };
}

export function endProbe(schedule: ProbeSchedule, nextPeriodicAtMs: number): ProbeSchedule {
  return { ...schedule, underWay: false, periodicAtMs: nextPeriodicAtMs };
}
