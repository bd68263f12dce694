/**
 * The schedule of the probes of an instance, as data: one probe at a time, one in every interval, and one after each
 * event that may have changed Ollama's list of models.
 *
 * Such an event takes effect with a delay (Ollama answers an unload before it is done), so only a probe that starts at
 * `event + delay` or later covers the event. Several events cause one probe. If a probe does not cover an event,
 * another probe follows.
 */
export interface ProbeSchedule {
  readonly underWay: boolean;
  /** Instant of the next periodic probe; `Infinity` before the end of the first probe. */
  readonly periodicAtMs: number;
  /** Instant of the probe for the earliest event that is not covered; `Infinity` if there is none. */
  readonly firstWantedAtMs: number;
  /** A probe that starts at this instant or later covers all events; `-Infinity` if there are none. */
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

/** Instant at which the next probe starts; `Infinity` while a probe is running. */
export function probeDueAtMs(schedule: ProbeSchedule): number {
  if (schedule.underWay) return Number.POSITIVE_INFINITY;
  return Math.min(schedule.periodicAtMs, schedule.firstWantedAtMs);
}

/** Requests a probe that starts at `atMs` or later. */
export function wantProbe(schedule: ProbeSchedule, atMs: number): ProbeSchedule {
  return {
    ...schedule,
    firstWantedAtMs: Math.min(schedule.firstWantedAtMs, atMs),
    lastWantedAtMs: Math.max(schedule.lastWantedAtMs, atMs),
  };
}

/** A probe starts. Events that it does not cover stay scheduled. */
export function beginProbe(schedule: ProbeSchedule, nowMs: number): ProbeSchedule {
  const { lastWantedAtMs } = schedule;
  const left = lastWantedAtMs > nowMs ? { firstWantedAtMs: lastWantedAtMs, lastWantedAtMs } : nothingWanted;
  return { ...schedule, underWay: true, ...left };
}

export function endProbe(schedule: ProbeSchedule, nextPeriodicAtMs: number): ProbeSchedule {
  return { ...schedule, underWay: false, periodicAtMs: nextPeriodicAtMs };
}
