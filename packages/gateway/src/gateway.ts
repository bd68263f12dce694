import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';
import type { AgentsClient } from '@drover/agents';
import type { ClusterNode } from '@drover/actor-core/cluster';
import { createFleetClient, type FleetClient, type FleetConfig } from '@drover/fleet';
import { catalogueRoutes } from './model-listing/listing-routes.ts';
import { type GatewayConfig, resolveConfig } from './config.ts';
import { RequestFailure } from './errors.ts';
import { BodyBudget } from './http/body.ts';
import { createDoor } from './http/dispatcher.ts';
import { listen } from './http/http-server.ts';
import { targetOf } from './http/request-target.ts';
import { Router } from './http/router.ts';
import { absentRoutes } from './dialects/native/absent-routes.ts';
import { nativeInferenceRoutes } from './dialects/native/native-routes.ts';
import { ClientWait } from './observe/client-wait.ts';
import { createMetrics } from './observe/gateway-metrics.ts';
import { RefusalLog } from './observe/refusal-log.ts';
import { openAiInferenceRoutes } from './dialects/openai/openai-routes.ts';
import { agentRoutes } from './dialects/drover/agent-routes.ts';
import { proofRoutes } from './dialects/drover/proof-routes.ts';
import { serviceRoutes } from './dialects/drover/service-routes.ts';
import type { GatewayServices } from './services.ts';

export interface GatewayOptions extends Partial<GatewayConfig> {
  readonly agents: AgentsClient;
  /** For the fleet clients that the gateway makes. */
  readonly fleetConfig?: Partial<FleetConfig>;
  /** @default `createFleetClient(node)`; one that is given is not stopped with the gateway. */
  readonly fleet?: FleetClient;
}

export interface Gateway {
  readonly url: string;
  readonly port: number;
  /**
   * Takes no new requests, lets running ones finish for `drainTimeoutMs`, then ends them with their dialect's
   * error frame and closes.
   */
  stop(options?: { readonly drainTimeoutMs?: number }): Promise<void>;
}

/**
 * The HTTP door of the fleet: Ollama's and OpenAI's dialects and our own routes over one cluster node.
 *
 * @throws InvalidArgumentError naming the setting; ListenError when the address cannot be had
 */
export async function startGateway(node: ClusterNode, options: GatewayOptions): Promise<Gateway> {
  const { agents, fleet: given, fleetConfig = {}, ...settings } = options;
  const config = resolveConfig(settings);
  const fleet = given ?? createFleetClient(node, { config: fleetConfig });
  const residency =
    given ??
    createFleetClient(node, {
      config: { ...fleetConfig, maxPlaces: 1 },
      policy: 'resident-first',
    });
  const bodies = new BodyBudget(config);
  const clientWait = new ClientWait(node.clock);
  const metrics = createMetrics(node, fleet, clientWait);
  const refusals = new RefusalLog(node.clock, node.log);
  const services: GatewayServices = {
    node,
    fleet,
    residency,
    agents,
    metrics,
    clientWait,
    refusals,
    config,
    bodies,
  };
  const isDraining = (): boolean => door.isDraining;
  const router = new Router([
    ...catalogueRoutes(services),
    ...nativeInferenceRoutes(services),
    ...openAiInferenceRoutes(services),
    ...serviceRoutes(services, isDraining),
    ...agentRoutes(services),
    ...proofRoutes(services),
    ...absentRoutes(),
  ]);
  const door = createDoor(services, router, { name: hostname(), addresses: machineAddresses() });
  const release = async (): Promise<void> => {
    metrics.stop();
    refusals.stop();
    if (given) return;
    await fleet.stop();
    await residency.stop();
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => door.take(request, response);
  const allowOf = (method: string, target: string): string | undefined => {
    const path = targetOf(target)?.path;
    const match = path === undefined ? undefined : router.match(method, path);
    return match?.kind === 'wrong-method' ? match.allow : undefined;
  };
  const { exchanges, places } = door;
  const makeRoom = (): boolean => places.giveUpSlowest();
  const server = await listen(config, node.clock, { listener, exchanges, allowOf, makeRoom }).catch(
    async (error: unknown) => {
      await release();
      throw error;
    },
  );
  clientWait.start(server.url);
  node.log.info({ url: server.url }, 'the gateway listens');

  let stopping: Promise<void> | undefined;
  const stop = async (drainTimeoutMs: number): Promise<void> => {
    door.beginDrain();
    clientWait.stop();
    server.refuseNew();
    await door.settle(drainTimeoutMs, new RequestFailure(503, 'gateway-stopping', 'the gateway is stopping'));
    await server.close();
    await release();
  };
  return {
    url: server.url,
    port: server.port,
    stop: async ({ drainTimeoutMs = config.drainTimeoutMs } = {}): Promise<void> => {
      stopping ??= stop(drainTimeoutMs);
      await stopping;
    },
  };
}

function machineAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
}
