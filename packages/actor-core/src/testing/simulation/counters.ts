/** Counts of events, by name. */
export type Counters = Record<string, number>;

/** Names of counters, each with what it counts. A batch in which one of them stays 0 proves nothing about it. */
export type CounterTexts = Readonly<Record<string, string>>;

/** Counted whatever is played. */
export const commonCounters: CounterTexts = {
  restarts: 'restarts of actors',
  escalations: 'supervisors that gave up',
  deadLetters: 'messages that no actor handled',
  heals: 'ends of phases with faults',
};

/** All counters at 0. */
export function noCounters(texts: CounterTexts): Counters {
  return Object.fromEntries(Object.keys(texts).map((name) => [name, 0]));
}

export function addCounters(sum: Counters, more: Readonly<Counters>): void {
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + count;
}
