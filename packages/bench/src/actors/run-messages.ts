import type { ActorLibrary, Tally } from './actor-arm.ts';
import type { Sizes, WorkloadName } from './workload.ts';

/**
 * Runs a workload that sends messages. Undefined for a workload that the library does not support or that measures
 * populations of actors.
 */
export function runMessages(
  library: ActorLibrary,
  name: WorkloadName,
  { count, width }: Sizes,
): Promise<Tally> | undefined {
  switch (name) {
    case 'windowed-tell':
      return library.tellWindowed?.(count, width);
    case 'ask':
      return library.askSequential?.(count);
    case 'ping-pong':
      return library.pingPong?.(count);
    case 'ring':
      return library.ring?.(count, width);
    case 'burst':
      return library.burst?.(count);
    case 'fork-join':
      return library.forkJoin?.(count, width);
    default:
      return undefined;
  }
}
