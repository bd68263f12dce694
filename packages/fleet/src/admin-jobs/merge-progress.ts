import { type AdminJob, type AdminStep, isOver } from './admin-job.ts';
import { stepKey } from './merge-steps.ts';

/** What a client of several jobs was told so far. */
export interface MergedProgress {
  /** Bytes that were told of each layer; statuses that were told have 0. */
  readonly told: ReadonlyMap<string, number>;
}

export const nothingTold: MergedProgress = { told: new Map() };

/** The next lines for the client. `end`: no job is under way any more. */
export interface ProgressDecision {
  readonly progress: MergedProgress;
  readonly lines: readonly AdminStep[];
}

/**
 * Merges the jobs of one operation at several Ollamas into the lines that one Ollama would send. The fleet is as far as
 * its slowest Ollama: a layer has the fewest bytes that any of them has, and a status is told when all have reached it.
 * Failed jobs are left out, unless all have failed. What is told of a layer only grows.
 */
export function decideProgress(progress: MergedProgress, jobs: readonly AdminJob[]): ProgressDecision {
  const going = jobs.filter(({ state }) => state !== 'failed');
  const live = going.length > 0 ? going : jobs;
  const told = new Map(progress.told);
  const lines: AdminStep[] = [];
  for (const step of stepsOf(live)) {
    const key = stepKey(step);
    const before = told.get(key);
    if (step.digest === undefined) {
      if (before !== undefined || !live.every((job) => isOver(job) || stepOf(job, key) !== undefined))
        continue;
      told.set(key, 0);
      lines.push({ status: step.status });
      continue;
    }
    const total = step.total ?? 0;
    const completed = Math.min(total, ...live.map((job) => completedOf(job, key, total)));
    if (before !== undefined && completed <= before) continue;
    told.set(key, completed);
    lines.push(layerLine(step.status, step.digest, total, completed));
  }
  return { progress: { told }, lines };
}

/** All steps of the jobs once, in an order that keeps that of each job where they agree. */
function stepsOf(jobs: readonly AdminJob[]): readonly AdminStep[] {
  const found = new Map<string, AdminStep>();
  const longest = jobs.toSorted((a, b) => b.steps.length - a.steps.length);
  for (const { steps } of longest)
    for (const step of steps) {
      const known = found.get(stepKey(step));
      if (known === undefined || (known.total ?? 0) < (step.total ?? 0)) found.set(stepKey(step), step);
    }
  return [...found.values()];
}

function stepOf(job: AdminJob, key: string): AdminStep | undefined {
  return job.steps.find((step) => stepKey(step) === key);
}

function completedOf(job: AdminJob, key: string, total: number): number {
  if (job.state === 'done') return total;
  return stepOf(job, key)?.completed ?? 0;
}

/** Ollama leaves `completed` out while it is 0. */
function layerLine(status: string, digest: string, total: number, completed: number): AdminStep {
  return completed === 0 ? { status, digest, total } : { status, digest, total, completed };
}
