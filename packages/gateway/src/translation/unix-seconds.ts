/** Unix seconds of a time as Go writes it; undefined for a missing or invalid time. */
export function secondsOf(time: string | undefined): number | undefined {
  const ms = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}
