export type WorkloadName =
  | 'windowed-tell'
  | 'ask'
  | 'ping-pong'
  | 'ring'
  | 'burst'
  | 'fork-join'
  | 'spawn-stop'
  | 'idle-heap'
  | 'million';

export interface Workload {
  readonly name: WorkloadName;
  readonly describes: string;
  /** What one operation is. */
  readonly operation: string;
  readonly full: Sizes;
  readonly quick: Sizes;
  /** Rounds at most: what takes long and varies little runs less often. */
  readonly fullRounds: number;
  readonly quickRounds: number;
}

export interface Sizes {
  /** Messages, questions, hops or actors, as the workload says. */
  readonly count: number;
  /** Window, ring length or number of receivers, as the workload says. */
  readonly width: number;
}
