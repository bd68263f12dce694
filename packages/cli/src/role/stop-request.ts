import type { ClusterNode } from '@drover/actor-core/cluster';
import { exitCodes } from '../errors.ts';
import { exceedsLimit } from '../process/exceeds-limit.ts';
import { type Parent, watchParent } from '../process/parent-watch.ts';
import { listenForSignals } from '../process/signals.ts';

/** Why a role stops: `signal`: the first SIGINT or SIGTERM · `orphan`: the parent process has ended. */
export type StopReason = 'signal' | 'orphan';

/** A role without a parent does not drain: no other process waits for it, or could end it. */
export const orphanStopMs = 1_500;
/** Time for writing the last log lines. */
const flushMs = 300;
/** Time that an orderly stop may take beyond the drain. */
export const stopGraceMs = 2_000;

/** State of the start of a role, which decides how a stop request is answered. */
export interface RoleProgress {
  /** Set as soon as the node has joined the cluster. */
  node: ClusterNode | undefined;
  /** True when the role is ready. Then a stop request stops the role in order; before, it makes the process exit. */
  isServing: boolean;
}

export interface StopRequest {
  /** Resolves at the first request. */
  readonly requested: Promise<StopReason>;
  /** The parent process, if it has an IPC channel to this one. */
  readonly parent: Parent | undefined;
}

/** Listens for signals and for the end of the parent. A second signal exits at once. */
export function listenForStop(progress: RoleProgress): StopRequest {
  const { promise: requested, resolve } = Promise.withResolvers<StopReason>();
  const parent = watchParent(() => {
    resolve('orphan');
    // Bounds the duration of the stop: the parent, which would otherwise end this process, has ended.
    setTimeout(() => process.exit(exitCodes.interrupted), progress.isServing ? orphanStopMs + flushMs : 0);
  });
  listenForSignals({
    onStop: () => {
      resolve('signal');
      if (!progress.isServing) void leaveAndExit(progress.node);
    },
    onStopAtOnce: () => process.exit(exitCodes.interrupted),
  });
  return { requested, parent };
}

/** A role that is still starting leaves the cluster, so that other nodes do not report it as unreachable. */
async function leaveAndExit(node: ClusterNode | undefined): Promise<never> {
  if (node !== undefined) await exceedsLimit(node.leave(), stopGraceMs);
  return process.exit(exitCodes.done);
}
