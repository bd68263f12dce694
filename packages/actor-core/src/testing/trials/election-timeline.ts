import type { ElectionStep } from './leader-messages.ts';

/** What the steps of one election show. Times count from the signal that ended the leader. */
export interface Timeline {
  /** Until the first candidate noticed the silence, and asked whether it would be elected. */
  readonly askedMs: number | undefined;
  /** Until a quorum answered yes to some candidate, which then asked for votes. */
  readonly votingMs: number | undefined;
  /** Until a quorum had voted for one candidate. */
  readonly chosenMs: number | undefined;
  /** Candidacies that asked for votes. */
  readonly candidacies: number;
  /** All steps, in order: `at by fields`. */
  readonly steps: readonly string[];
}

/** Orders the steps that the processes reported between two instants of the wall clock. */
export function timelineOf(steps: readonly ElectionStep[], sinceMs: number, untilMs: number): Timeline {
  const within = steps
    .filter(({ atMs }) => atMs >= sinceMs && atMs <= untilMs)
    .toSorted((a, b) => a.atMs - b.atMs);
  const first = (isIt: (fields: ElectionStep['fields']) => boolean): number | undefined => {
    const found = within.find(({ fields }) => isIt(fields));
    return found === undefined ? undefined : found.atMs - sinceMs;
  };
  return {
    askedMs: first(({ asks }) => asks !== undefined),
    votingMs: first(({ role }) => role === 'candidate'),
    chosenMs: first(({ role }) => role === 'chosen'),
    candidacies: within.filter(({ fields }) => fields['role'] === 'candidate').length,
    steps: within.map(({ atMs, by, fields }) => `${atMs - sinceMs} ${by} ${shown(fields)}`),
  };
}

function shown(fields: ElectionStep['fields']): string {
  return Object.entries(fields)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${JSON.stringify(value)}`]))
    .join(', ');
}
