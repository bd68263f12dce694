import type { Outcome } from './actor-arm.ts';
import type { Workload } from './workload.ts';

/** A figure of the report with its unit, computed from the outcome of one process. */
export interface Measure {
  readonly name: string;
  readonly unit: string;
  value(outcome: Outcome, operations: number): number;
  /** The figure per second of wall clock time. */
  wall?(outcome: Outcome, operations: number): number;
}

const perCpuSecond = 'ops/CPU-s';
const perActor = 'B/actor';

/** Figures of a workload: its rate, or figures that only this workload has. */
export function measuresOf({ name }: Workload): readonly Measure[] {
  switch (name) {
    case 'idle-heap':
      return [
        named('idle-heap', perActor, 'idleBytes'),
        named('idle-heap before its first message', perActor, 'startedBytes'),
      ];
    case 'million':
      return [
        named('million: start', perCpuSecond, 'spawnedPerCpuSecond'),
        named('million: tell each', perCpuSecond, 'toldPerCpuSecond'),
        named('million: heap', perActor, 'heapBytes'),
        named('million: resident', perActor, 'residentBytes'),
      ];
    default:
      return [
        {
          name,
          unit: perCpuSecond,
          value: ({ cpuMicros }, operations) => (operations * 1e6) / cpuMicros,
          wall: ({ wallMicros }, operations) => (operations * 1e6) / wallMicros,
        },
      ];
  }
}

function named(name: string, unit: string, figure: string): Measure {
  return { name, unit, value: ({ figures }) => figures?.[figure] ?? Number.NaN };
}
