import { isModel, type RoutingPolicy } from '@drover/fleet';

/**
 * Where a request goes that only loads or unloads a model: to an instance that has it loaded, however busy, since
 * unloading it anywhere else would do nothing; else to the least used one.
 */
export const residentFirst: RoutingPolicy = (candidates, model) =>
  candidates.toSorted((a, b) => rank(a, model) - rank(b, model) || used(a) - used(b))[0];

type Candidate = Parameters<RoutingPolicy>[0][number];

function rank({ load }: Candidate, model: string): number {
  return load.models.some((listed) => listed.loaded && isModel(listed.name, model)) ? 0 : 1;
}

function used({ load, pending }: Candidate): number {
  return load.busy + load.queued + pending;
}
