import type { ProbeOutcome } from '../ollama/probe.ts';

/** Whether an Ollama may be given requests, and if not, why. */
export interface Health {
  readonly state: 'starting' | 'ready' | 'down';
  /** What to tell people; empty while ready. */
  readonly reason: string;
  /** Failed probes in a row. */
  readonly failures: number;
}

export const unknownHealth: Health = { state: 'starting', reason: 'has not answered yet', failures: 0 };

/** Silent probes in a row before an instance counts as down: one may get lost in a busy moment. */
const failuresUntilDown = 3;

/**
 * One probe's effect. A good one heals at once. A refused connection, nonsense, or a Drover gateway at this address
 * is down at once; silence only the third time, and never while answers move: a machine under load answers late.
 *
 * @param moved a byte of an answer came since the probe began
 */
export function decideHealth(health: Health, outcome: ProbeOutcome, moved: boolean): Health {
  if (outcome.kind === 'good') return { state: 'ready', reason: '', failures: 0 };
  if (outcome.kind === 'silent' && moved && health.state === 'ready') return { ...health, failures: 0 };
  const failures = health.failures + 1;
  const certain = outcome.kind !== 'silent';
  const state = certain || failures >= failuresUntilDown ? 'down' : health.state;
  return { state, reason: state === 'ready' ? '' : outcome.reason, failures };
}

/** A request was answered with something that is not Ollama's protocol: down until a probe is good. */
export function decideNonsense(health: Health, reason: string): Health {
  return { state: 'down', reason, failures: health.failures };
}
