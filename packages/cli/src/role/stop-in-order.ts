import type { Logger } from '@drover/actor-core';
import type { ClusterNode } from '@drover/actor-core/cluster';
import { createCoordinatedShutdown, type ShutdownPhase, standardPhases } from '@drover/actor-core/patterns';

/** The steps in which a role stops. Those that are left out have nothing to do. */
export interface RoleSteps {
  /** Refuses new work. */
  stopIntake?(): void | Promise<void>;
  /** Gives up leaderships. */
  transferLeads?(): Promise<void>;
  /** Hands over what lives here to other nodes. Left out where there is no time for a drain. */
  migrateEntities?(): Promise<void>;
  /** Waits at most `drainMs` for running requests, then ends them. */
  drain?(drainMs: number): Promise<void>;
  /** Gives back tasks that were taken from queues and not handled. */
  returnLeases?(): Promise<void>;
  /** Ends the rest of the role. The node still has its actors and its bus. */
  stop(): Promise<void>;
}

/** Time for a step that does not wait for anything but an answer on the bus. */
const briefMs = 1_000;
/** Time after the drain to end what is still running. */
const endMs = 1_500;

/** Stops a role and its node in the order of `standardPhases`: a step that fails or hangs does not stop the others. */
export async function stopInOrder(node: ClusterNode, steps: RoleSteps, drainMs: number): Promise<void> {
  const { clock, log } = node;
  const shutdown = createCoordinatedShutdown({ clock, log, phases: phasesFor(drainMs) });
  shutdown.add('stop-intake', 'role', () => steps.stopIntake?.());
  shutdown.add('transfer-leads', 'role', () => steps.transferLeads?.());
  shutdown.add('migrate-entities', 'role', () => (drainMs === 0 ? undefined : steps.migrateEntities?.()));
  shutdown.add('drain', 'role', () => steps.drain?.(drainMs));
  shutdown.add('return-leases', 'role', () => steps.returnLeases?.());
  shutdown.add('leave', 'node', async () => {
    await endedBy(steps.stop(), log);
    await node.leave();
  });
  await shutdown.run('stop');
}

function phasesFor(drainMs: number): ShutdownPhase[] {
  const timeouts: Readonly<Record<string, number>> = {
    'migrate-entities': Math.max(briefMs, drainMs),
    drain: drainMs + endMs,
    leave: 2 * briefMs,
  };
  return standardPhases.map(({ name }) => ({ name, timeoutMs: timeouts[name] ?? briefMs }));
}

/** The node must leave even if its role cannot be stopped in order. */
async function endedBy(stopping: Promise<void>, log: Logger): Promise<void> {
  try {
    await stopping;
  } catch (err) {
    log.error({ err }, 'the role could not be stopped in order');
  }
}
