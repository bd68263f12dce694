import type { FailureCode, StreamOpen, StreamPhase } from '@drover/fleet';
import type { NodeAgentLimits } from '../config.ts';

/** `receiving`: the body is incomplete · `lingering`: the answer is complete, its lines are kept for a resume. */
export type JobPhase = 'receiving' | StreamPhase | 'lingering';

/**
 * Instants from which the deadlines of a job count, in clock milliseconds. The receiver's silence has its own limit.
 */
export interface JobProgress {
  readonly phase: JobPhase;
  readonly deadlineAtMs: number;
  /** Last progress in the current phase: a part of the body, the post to Ollama, or a byte of the answer. */
  readonly steppedAtMs: number;
  /** Instant of the next judgement of Ollama's silence. */
  readonly lookAtMs: number;
}

export interface ProgressLimits extends Pick<NodeAgentLimits, 'bodyPartMs' | 'silenceLookMs'> {
  /** Limits of silence from the request; `Infinity` without one. */
  readonly firstByteTimeoutMs: number;
  readonly interTokenTimeoutMs: number;
}

export type ProgressVerdict =
  | { readonly kind: 'fail'; readonly code: FailureCode; readonly message: string }
  /** The next part of the body did not arrive in time: nothing ran. */
  | { readonly kind: 'body-lost'; readonly message: string }
  /** The session has not confirmed the kept lines before the deadline: the job drops them and ends. */
  | { readonly kind: 'forget' }
  /** The silence must be judged now. */
  | { readonly kind: 'look' }
  | { readonly kind: 'nothing' };

export function progressLimits(limits: NodeAgentLimits, open: StreamOpen): ProgressLimits {
  return {
    bodyPartMs: limits.bodyPartMs,
    silenceLookMs: limits.silenceLookMs,
    firstByteTimeoutMs: open.firstByteTimeoutMs ?? Number.POSITIVE_INFINITY,
    interTokenTimeoutMs: open.interTokenTimeoutMs ?? Number.POSITIVE_INFINITY,
  };
}

export function startProgress(phase: JobPhase, timeoutMs: number, nowMs: number): JobProgress {
  return { phase, deadlineAtMs: nowMs + timeoutMs, steppedAtMs: nowMs, lookAtMs: Number.POSITIVE_INFINITY };
}

/** Enters the next phase, or notes progress within the phase. Silence is judged only for a request inside Ollama. */
export function enterPhase(
  progress: JobProgress,
  phase: JobPhase,
  limits: ProgressLimits,
  nowMs: number,
): JobProgress {
  // Called for every token: no copies in between.
  return {
    phase,
    deadlineAtMs: progress.deadlineAtMs,
    steppedAtMs: nowMs,
    lookAtMs: isInside(phase) ? nowMs + limits.silenceLookMs : Number.POSITIVE_INFINITY,
  };
}

/** The silence was reported to the instance: schedules the next report. */
export function lookLater(progress: JobProgress, limits: ProgressLimits, nowMs: number): JobProgress {
  const lookAtMs = isInside(progress.phase) ? nowMs + limits.silenceLookMs : Number.POSITIVE_INFINITY;
  return { ...progress, lookAtMs };
}

function isInside(phase: JobPhase): boolean {
  return phase === 'waiting' || phase === 'streaming';
}

/** Marks the request as temporarily outside Ollama: silence is not judged, and limits of silence do not apply. */
export function stepBack(progress: JobProgress): JobProgress {
  return { ...progress, phase: 'queued', lookAtMs: Number.POSITIVE_INFINITY };
}

/** When the job must check its deadlines again. Moves earlier only through `enterPhase`. */
export function progressWakeAtMs(progress: JobProgress, limits: ProgressLimits): number {
  return Math.min(progress.deadlineAtMs, stepDueAtMs(progress, limits), progress.lookAtMs);
}

/** Decides what is due now; the most serious first. */
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
  if (nowMs >= stepDueAtMs(progress, limits)) return decideOverdue(phase, limits);
  return nowMs >= progress.lookAtMs ? { kind: 'look' } : { kind: 'nothing' };
}

function decideOverdue(phase: JobPhase, limits: ProgressLimits): ProgressVerdict {
  if (phase === 'receiving') {
    return {
      kind: 'body-lost',
      message: `no further part of the body arrived within bodyPartMs (${limits.bodyPartMs} ms)`,
    };
  }
  const message =
    phase === 'waiting'
      ? `Ollama sent no byte within the first-byte timeout of the request (${limits.firstByteTimeoutMs} ms)`
      : `Ollama sent nothing within the inter-token timeout of the request (${limits.interTokenTimeoutMs} ms)`;
  return { kind: 'fail', code: 'upstream-stalled', message };
}

/** A queued or lingering job makes no progress: only its deadline and its receiver limit the wait. */
function stepDueAtMs(progress: JobProgress, limits: ProgressLimits): number {
  const allowanceMs: Record<JobPhase, number> = {
    receiving: limits.bodyPartMs,
    queued: Number.POSITIVE_INFINITY,
    waiting: limits.firstByteTimeoutMs,
    streaming: limits.interTokenTimeoutMs,
    lingering: Number.POSITIVE_INFINITY,
  };
  return progress.steppedAtMs + allowanceMs[progress.phase];
}
