import type { AgentsClient } from '@drover/agents';
import type { ClusterNode } from '@drover/actor-core/cluster';
import type { FleetClient } from '@drover/fleet';
import type { GatewayConfig } from './config.ts';
import type { BodyBudget } from './http/body.ts';
import type { ClientWait } from './observe/client-wait.ts';
import type { GatewayMetrics } from './observe/gateway-metrics.ts';
import type { RefusalLog } from './observe/refusal-log.ts';

/** What the routes work with: one set a gateway, nothing global. */
export interface GatewayServices {
  readonly node: ClusterNode;
  readonly fleet: FleetClient;
  /** Routes what only loads or unloads a model. */
  readonly residency: FleetClient;
  readonly agents: AgentsClient;
  readonly metrics: GatewayMetrics;
  readonly clientWait: ClientWait;
  readonly refusals: RefusalLog;
  readonly config: GatewayConfig;
  readonly bodies: BodyBudget;
}
