import { type AdminStep, maxAdminSteps } from './admin-job.ts';

/** What identifies a step within one job: the digest of its layer, else its text. */
export function stepKey({ status, digest }: AdminStep): string {
  return digest ?? status;
}

/**
 * The steps known so far with newer ones: each step once, in the order of its first appearance, and no bytes of a layer
 * ever taken back. A download that begins again reports fewer bytes for a while; those are not shown.
 */
export function mergeSteps(known: readonly AdminStep[], newer: readonly AdminStep[]): readonly AdminStep[] {
  const merged = new Map(known.map((step) => [stepKey(step), step]));
  for (const step of newer) {
    const key = stepKey(step);
    const before = merged.get(key);
    if (before !== undefined) merged.set(key, furthest(before, step));
    else if (merged.size < maxAdminSteps) merged.set(key, step);
  }
  return [...merged.values()];
}

function furthest(before: AdminStep, step: AdminStep): AdminStep {
  const total = largest(before.total, step.total);
  const completed = largest(before.completed, step.completed);
  return {
    ...before,
    ...(total !== undefined && { total }),
    ...(completed !== undefined && { completed }),
  };
}

function largest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}
