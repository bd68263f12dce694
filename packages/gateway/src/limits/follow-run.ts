import type { Clock } from '@drover/actor-core';
import type { AgentsClient } from '@drover/agents';

/** What following runs needs of the gateway. */
export interface RunFollower {
  readonly clock: Pick<Clock, 'now' | 'setTimer'>;
  /** The gateway is stopping: nobody is followed any more. */
  readonly drain: { readonly isDraining: boolean };
}

/** Time between two questions whether a run has ended. */
const askEveryMs = 1_000;
/** A run that its host has lost is reported as ended by then. */
const graceMs = 60_000;

/**
 * Waits for the end of a run that nobody waits for, so that it counts as running until then. Never rejects.
 *
 * @param timeoutMs of the task
 * @returns tokens that the run used; undefined where that is not known
 */
export async function followRun(
  agents: Pick<AgentsClient, 'run'>,
  { runId, timeoutMs }: { readonly runId: string; readonly timeoutMs: number },
  { clock, drain }: RunFollower,
): Promise<number | undefined> {
  const untilMs = clock.now() + timeoutMs + graceMs;
  while (clock.now() < untilMs && !drain.isDraining) {
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.setTimer(askEveryMs, resolve);
    await promise;
    const run = await agents.run(runId).catch(() => undefined);
    if (run === undefined || run.status === 'running') continue;
    return run.usage && run.usage.promptTokens + run.usage.completionTokens;
  }
  return undefined;
}
