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
 * The stages of a request in their order: admission, the limits of its key (known before), health, breaker, queue, the
 * attempts, and with more than one attempt the time that was lost by those before the last (retry).
 */
export function stagesOf(
  decisions: RequestDecisions | undefined,
  times: StageTimes,
  limited: readonly Stage[] = [],
): readonly Stage[] {
  const { admittedMs, endedMs, queuedMs } = times;
  const stages: Stage[] = [{ stage: 'admission', startedMs: 0, endedMs: admittedMs }, ...limited];
  if (decisions?.routing === undefined) return stages;
  const { attempts, routing } = decisions;
  // Attempts are told in whole milliseconds: none began before an instance was chosen.
  const at = (fleetMs: number): number =>
    Math.min(endedMs, admittedMs + Math.max(fleetMs, routing.breakerMs));
  const healthyMs = Math.min(endedMs, admittedMs + routing.healthMs);
  stages.push(
    { stage: 'health', startedMs: admittedMs, endedMs: healthyMs, hosts: routing.usable },
    { stage: 'breaker', startedMs: healthyMs, endedMs: at(0), hosts: routing.avoided },
  );
  const [first] = attempts;
  const last = attempts.at(-1);
  if (first === undefined || last === undefined) return stages;
  if (queuedMs !== undefined)
    stages.push({
      stage: 'queue',
      startedMs: at(last.startedMs),
      endedMs: at(Math.max(queuedMs, last.startedMs)),
    });
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
