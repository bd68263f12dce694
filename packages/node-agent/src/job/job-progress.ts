import type { FailureCode, StreamPhase } from '@drover/fleet';
import type { NodeAgentLimits } from '../config.ts';

/** `receiving`: the body is still coming · then as the session sees it · `lingering`: all said, lines kept for a resume. */
export type JobPhase = 'receiving' | StreamPhase | 'lingering';

/** The instants that a job's deadlines count from, in clock milliseconds. The receiver's silence is the sender's business. */
export interface JobProgress {
  readonly phase: JobPhase;
  readonly deadlineAtMs: number;
  /** When the current phase made its last step: a body part, the post, a byte. */
  readonly steppedAtMs: number;
  /** When to ask (again) whether this silence is a lost slot. */
  readonly suspectAtMs: number;
}

export type ProgressLimits = Pick<
  NodeAgentLimits,
  'bodyPartMs' | 'firstByteMs' | 'interTokenMs' | 'leakSuspectMs'
>;

export type ProgressVerdict =
  | { readonly kind: 'fail'; readonly code: FailureCode; readonly message: string }
  /** The body never became whole: nothing ran. */
  | { readonly kind: 'body-lost'; readonly message: string }
  /** Nobody came for the kept lines until the deadline. */
  | { readonly kind: 'forget' }
  /** Silent for so long that the slot may be lost. */
  | { readonly kind: 'suspect' }
  | { readonly kind: 'nothing' };

export function startProgress(phase: JobPhase, timeoutMs: number, nowMs: number): JobProgress {
  return {
    phase,
    deadlineAtMs: nowMs + timeoutMs,
    steppedAtMs: nowMs,
    suspectAtMs: Number.POSITIVE_INFINITY,
  };
}

/** Into the next phase. Only a request that waits inside Ollama can be suspected. */
export function enterPhase(
  progress: JobProgress,
  phase: JobPhase,
  limits: ProgressLimits,
  nowMs: number,
): JobProgress {
  const suspectAtMs = phase === 'waiting' ? nowMs + limits.leakSuspectMs : Number.POSITIVE_INFINITY;
  return { ...progress, phase, steppedAtMs: nowMs, suspectAtMs };
}

/** When the job must look at its clocks again; never earlier than before, except through `enterPhase`. */
export function progressWakeAtMs(progress: JobProgress, limits: ProgressLimits): number {
  return Math.min(progress.deadlineAtMs, stepDueAtMs(progress, limits), progress.suspectAtMs);
}

/** What is due now, the gravest first. */
export function decideProgress(
  progress: JobProgress,
  limits: ProgressLimits,
  nowMs: number,
): ProgressVerdict {
  const { phase } = progress;
  if (nowMs >= progress.deadlineAtMs) {
    if (phase === 'lingering') return { kind: 'forget' };
    return { kind: 'fail', code: 'deadline', message: `the request's deadline passed while it was ${phase}` };
  }
  if (nowMs >= stepDueAtMs(progress, limits)) return decideStalled(phase, limits);
  return nowMs >= progress.suspectAtMs ? { kind: 'suspect' } : { kind: 'nothing' };
}

function decideStalled(phase: JobPhase, limits: ProgressLimits): ProgressVerdict {
  if (phase === 'receiving') {
    return {
      kind: 'body-lost',
      message: `no further part of the body came within bodyPartMs (${limits.bodyPartMs} ms)`,
    };
  }
  const message =
    phase === 'waiting'
      ? `Ollama sent no byte within firstByteMs (${limits.firstByteMs} ms)`
      : `Ollama sent nothing for interTokenMs (${limits.interTokenMs} ms)`;
  return { kind: 'fail', code: 'upstream-stalled', message };
}

/** A queued or lingering job makes no steps of its own: its deadline and its receiver bound the wait. */
function stepDueAtMs(progress: JobProgress, limits: ProgressLimits): number {
  const allowanceMs: Record<JobPhase, number> = {
    receiving: limits.bodyPartMs,
    queued: Number.POSITIVE_INFINITY,
    waiting: limits.firstByteMs,
    streaming: limits.interTokenMs,
    lingering: Number.POSITIVE_INFINITY,
  };
  return progress.steppedAtMs + allowanceMs[progress.phase];
}
