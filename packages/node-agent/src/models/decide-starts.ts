import { type AdminJob, type AdminOperation, adminJobKey } from '@drover/fleet';

/** Operations that move or write whole models. */
const longOperations: ReadonlySet<AdminOperation> = new Set(['pull', 'push', 'create']);
/** Jobs of one Ollama that run at the same time: they share its disk and its network. */
const maxLong = 2;
const maxShort = 8;

/** The jobs to start now: the oldest first, within the limits of each Ollama. */
export function decideStarts(
  jobs: readonly AdminJob[],
  running: ReadonlyMap<string, AdminJob>,
): readonly AdminJob[] {
  const counts = new Map<string, number>();
  const add = (job: AdminJob): void => void counts.set(laneOf(job), (counts.get(laneOf(job)) ?? 0) + 1);
  for (const job of running.values()) add(job);
  return jobs.filter((job) => {
    const limit = longOperations.has(job.operation) ? maxLong : maxShort;
    if (running.has(adminJobKey(job)) || (counts.get(laneOf(job)) ?? 0) >= limit) return false;
    add(job);
    return true;
  });
}

function laneOf({ instance, operation }: AdminJob): string {
  return `${instance} ${longOperations.has(operation) ? 'long' : 'short'}`;
}
