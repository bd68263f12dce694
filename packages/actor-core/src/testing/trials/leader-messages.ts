/** A write of a `leader-process`. `fence`: of the tenure under which it was decided. `id`: unique in the trial. */
export interface LeaderWrite {
  readonly by: string;
  readonly fence: number;
  readonly id: string;
}

/** What happened in an election, as a process logged it. `atMs`: wall clock. */
export interface ElectionStep {
  readonly atMs: number;
  readonly by: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * A line that a `leader-process` prints: a write was acknowledged to it, its view shows a node as dead, or a step of
 * an election.
 */
export type LeaderReport =
  | { readonly kind: 'written'; readonly group: string; readonly id: string; readonly sequence: number }
  | { readonly kind: 'dead'; readonly node: string }
  | ({ readonly kind: 'step' } & ElectionStep);

/** Subject of the orders of the leader of a group. */
export function ordersOf(group: string): string {
  return `trial.orders.${group}`;
}
