import type { ClusterNode } from '@drover/actor-core/cluster';
import { startTracing, type Tracer } from '@drover/telemetry';
import { productVersion } from '../product-version.ts';

/** Records the spans of a role as the `OTEL_…` variables of its process say. */
export function traceRole(service: string, { nodeId, log }: ClusterNode): Promise<Tracer> {
  return startTracing({ service, version: productVersion(), node: nodeId }, process.env, (message) =>
    log.warn({}, message),
  );
}
