import type { RequestPrincipal } from '../protocol/signed-principal.ts';
import { z } from 'zod';
import {
  type AdminJob,
  type AdminOperation,
  type AdminStep,
  type AdminTarget,
  adminStepSchema,
  isOver,
  maxAdminSteps,
  maxAdminTextChars,
} from './admin-job.ts';
import { mergeSteps } from './merge-steps.ts';

/** What somebody wants done. */
export interface WantedJob extends AdminTarget {
  readonly id: string;
  readonly batch: string;
  readonly operation: AdminOperation;
  readonly model: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly principal?: RequestPrincipal | undefined;
  readonly nowMs: number;
}

/**
 * `joined`: the same is being done already, or was done for a request that is not over elsewhere. `differs`: it is
 * being done with other parameters.
 */
export type SubmitDecision =
  | { readonly kind: 'write'; readonly job: AdminJob }
  | { readonly kind: 'joined'; readonly job: AdminJob }
  | { readonly kind: 'differs'; readonly job: AdminJob };

/**
 * Decides about a new run where `known` is the newest one of the same operation, model and Ollama. `openBatches`: those
 * of the runs of that operation and model that are under way anywhere. Who repeats a request joins all of it: an Ollama
 * that has done its part is not asked again, and its bytes do not begin at 0 again.
 */
export function decideSubmit(
  known: AdminJob | undefined,
  wanted: WantedJob,
  openBatches: ReadonlySet<string>,
): SubmitDecision {
  if (known?.state === 'done' && openBatches.has(known.batch)) return { kind: 'joined', job: known };
  if (known !== undefined && !isOver(known)) {
    const isSame = JSON.stringify(known.request) === JSON.stringify(wanted.request);
    return { kind: isSame ? 'joined' : 'differs', job: known };
  }
  const { nowMs, ...job } = wanted;
  return {
    kind: 'write',
    job: { v: 1, ...job, state: 'waiting', steps: [], attempts: 0, submittedAtMs: nowMs },
  };
}

/** What a node-agent says about a job that it executes. */
export interface AdminReport {
  readonly key: string;
  readonly id: string;
  /** `begun`: an attempt begins. */
  readonly event: 'begun' | 'progress' | 'done' | 'failed';
  readonly steps: readonly AdminStep[];
  readonly error?: string | undefined;
  readonly errorStatus?: number | undefined;
}

export const adminReportSchema: z.ZodType<AdminReport> = z.object({
  key: z.string(),
  id: z.string(),
  event: z.enum(['begun', 'progress', 'done', 'failed']),
  steps: z.array(adminStepSchema).max(maxAdminSteps),
  error: z.string().max(maxAdminTextChars).optional(),
  errorStatus: z.number().int().optional(),
});

/**
 * `gone`: the job was cancelled, is over or belongs to another run or node; its node-agent ends it. `known`: nothing
 * new.
 */
export type ReportDecision =
  | { readonly kind: 'write'; readonly job: AdminJob }
  | { readonly kind: 'known' }
  | { readonly kind: 'gone' };

/** Decides about a report of the node `sender`. */
export function decideReport(
  known: AdminJob | undefined,
  report: AdminReport,
  sender: string,
): ReportDecision {
  if (known === undefined || known.node !== sender || known.id !== report.id) return { kind: 'gone' };
  if (isOver(known)) return { kind: report.event === known.state ? 'known' : 'gone' };
  const steps = mergeSteps(known.steps, report.steps);
  if (report.event === 'failed') {
    const { error = 'unknown error', errorStatus } = report;
    const job: AdminJob = { ...known, state: 'failed', steps, error };
    return { kind: 'write', job: errorStatus === undefined ? job : { ...job, errorStatus } };
  }
  if (report.event === 'done') return { kind: 'write', job: { ...known, state: 'done', steps } };
  const attempts = known.attempts + (report.event === 'begun' ? 1 : 0);
  const isNew = report.event === 'begun' || JSON.stringify(steps) !== JSON.stringify(known.steps);
  return isNew ? { kind: 'write', job: { ...known, state: 'running', steps, attempts } } : { kind: 'known' };
}
