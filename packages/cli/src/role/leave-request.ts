import type { ClusterNode } from '@drover/actor-core/cluster';

/** Why the cluster has this node stop: `drover cluster drain` or `leave`. */
export type LeaveReason = 'drain' | 'leave';

/** Longest drain that `drover cluster drain` gives to running requests. */
export const clusterDrainMs: number = 10 * 60_000;

/** Resolves when the view asks this incarnation of the node to leave. Stops listening when `signal` is aborted. */
export function askedToLeave(
  { view, nodeId, incarnation }: Pick<ClusterNode, 'view' | 'nodeId' | 'incarnation'>,
  signal: AbortSignal,
): Promise<LeaveReason> {
  return new Promise((resolve) => {
    const look = (): void => {
      const own = view.member(nodeId);
      if (own?.incarnation !== incarnation) return;
      if (own.state === 'draining') resolve('drain');
      if (own.state === 'leaving') resolve('leave');
    };
    const unsubscribe = view.onChange(look);
    signal.addEventListener('abort', unsubscribe, { once: true });
    look();
  });
}
