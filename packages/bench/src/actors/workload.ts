import type { BenchForm } from '../suite.ts';

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
  /** Name of one operation. */
  readonly operation: string;
  readonly full: Sizes;
  readonly quick: Sizes;
  /** Largest number of rounds, for a workload that takes long and varies little. */
  readonly fullRounds: number;
  readonly quickRounds: number;
}

export interface Sizes {
  /** Number of operations. */
  readonly count: number;
  /** Size of the window or ring, or number of receivers; 1 for the other workloads. */
  readonly width: number;
}

/** The form `check` runs a twentieth of the operations of the form `quick`. */
export function sizesOf(workload: Workload, form: BenchForm): Sizes {
  if (form !== 'check') return workload[form];
  const { count, width } = workload.quick;
  return { count: Math.max(width, count / 20), width };
}
