import type { RequestDecisions } from '@drover/fleet';
import type { Stage } from '../http/request-facts.ts';

/** Times of one request in the gateway, milliseconds since its arrival. */
export interface StageTimes {
  /** Arrival at the fleet: access, limits and the body are done. */
  readonly admittedMs: number;
  /** From the arrival at the fleet until the request was inside an Ollama; undefined if it never was. */
  readonly queuedMs: number | undefined;
  readonly endedMs: number;
}

/**
 * The stages of a request in their order: admission, route, queue, the attempts, and with more than one attempt the
 * time that was lost by those before the last (retry).
 */
export function stagesOf(decisions: RequestDecisions | undefined, times: StageTimes): readonly Stage[] {
  const { admittedMs, endedMs, queuedMs } = times;
  const admission: Stage = { stage: 'admission', startedMs: 0, endedMs: admittedMs };
  const attempts = decisions?.attempts ?? [];
  const [first] = attempts;
  const last = attempts.at(-1);
  if (first === undefined || last === undefined) return [admission];
  const at = (fleetMs: number): number => Math.min(endedMs, admittedMs + fleetMs);
  const stages: Stage[] = [
    admission,
    { stage: 'route', startedMs: admittedMs, endedMs: at(first.startedMs) },
  ];
  if (queuedMs !== undefined && queuedMs > last.startedMs)
    stages.push({ stage: 'queue', startedMs: at(last.startedMs), endedMs: at(queuedMs) });
  if (attempts.length > 1)
    stages.push({ stage: 'retry', startedMs: at(first.startedMs), endedMs: at(last.startedMs) });
  for (const { node, instance, outcome, startedMs, endedMs: leftMs } of attempts) {
    stages.push({
      stage: 'attempt',
      startedMs: at(startedMs),
      endedMs: leftMs === null ? endedMs : at(leftMs),
      place: `${node}/${instance}`,
      outcome,
    });
  }
  return stages;
}
