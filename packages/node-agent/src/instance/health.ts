import type { ProbeOutcome } from '../ollama/probe.ts';

/** Whether an Ollama can serve requests, and the reason if not. */
export interface Health {
  readonly state: 'starting' | 'ready' | 'down';
  /** Text for display; empty while ready. */
  readonly reason: string;
  /** Failed probes in a row. */
  readonly failures: number;
}

export const unknownHealth: Health = { state: 'starting', reason: 'has not answered yet', failures: 0 };

/** Number of silent probes in a row after which an instance counts as down: a busy Ollama may miss one. */
const failuresUntilDown = 3;

/**
 * Health after a probe. A good probe makes the instance ready at once. A refused connection, an answer that does not
 * come from an Ollama, or a Drover gateway at this address makes it down at once. Probes without an answer make it down
 * only after three in a row, and never while bytes of answers arrive, because a machine under load answers probes late.
 *
 * @param moved a byte of an answer has arrived since the start of the probe
 */
export function decideHealth(health: Health, outcome: ProbeOutcome, moved: boolean): Health {
  if (outcome.kind === 'good') return { state: 'ready', reason: '', failures: 0 };
  if (outcome.kind === 'silent' && moved && health.state === 'ready') return { ...health, failures: 0 };
  const failures = health.failures + 1;
  const certain = outcome.kind !== 'silent';
  const state = certain || failures >= failuresUntilDown ? 'down' : health.state;
  return { state, reason: state === 'ready' ? '' : outcome.reason, failures };
}

/** Health after an answer that is not Ollama's protocol: down until a good probe. */
export function decideNonsense(health: Health, reason: string): Health {
  return { state: 'down', reason, failures: health.failures };
}
