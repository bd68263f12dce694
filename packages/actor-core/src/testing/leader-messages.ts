/** A write of a `leader-process`. `fence`: of the tenure under which it was decided. `id`: unique in the trial. */
export interface LeaderWrite {
  readonly by: string;
  readonly fence: number;
  readonly id: string;
}

/** A line that a `leader-process` prints: a write was acknowledged to it, or its view shows a node as dead. */
export type LeaderReport =
  | { readonly kind: 'written'; readonly group: string; readonly id: string; readonly sequence: number }
  | { readonly kind: 'dead'; readonly node: string };

/** Subject of the orders of the leader of a group. */
export function ordersOf(group: string): string {
  return `trial.orders.${group}`;
}
