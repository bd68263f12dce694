import type { RuntimeEvent } from '@drover/actor-core';
import type { ClusterNode, GroupLeaders, Memory, Queues, StoreReports } from '@drover/actor-core/cluster';
import type { FleetClient } from '@drover/fleet';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { ClientWait } from './client-wait.ts';
import { registerClusterGauges } from './cluster-gauges.ts';
import { registerFleetGauges } from './fleet-gauges.ts';
import { registerMemoryGauges } from './memory-gauges.ts';
import { countQueueEvents } from './queue-counters.ts';
import { registerQueueGauges } from './queue-gauges.ts';
import { type AuditMetrics, auditMetrics } from './audit-metrics.ts';
import { countLimits, type LimitMetrics } from './limit-counters.ts';
import { type RequestMetrics, requestMetrics } from './request-metrics.ts';
import { registerStoreGauges } from './store-gauges.ts';

/** The metrics of one gateway. */
export interface GatewayMetrics extends RequestMetrics, LimitMetrics, AuditMetrics {
  readonly contentType: string;
  /** Counts what a node of the cluster mended. */
  countRemedy(action: string): void;
  /** The metrics in the text format of Prometheus. */
  text(): Promise<string>;
  stop(): void;
}

/**
 * Metrics of one gateway for Prometheus, in their own registry. Values that other parts of the gateway hold are read at
 * each scrape.
 */
export function createMetrics({
  node,
  fleet,
  memory,
  queues,
  leaders,
  stores,
  clientWait: wait,
}: {
  readonly node: ClusterNode;
  readonly fleet: FleetClient;
  readonly memory: Memory;
  readonly queues: Queues;
  readonly leaders: GroupLeaders;
  readonly stores: StoreReports;
  readonly clientWait: ClientWait;
}): GatewayMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = requestMetrics(registry);
  const unsubscribe = countActorEvents(registry, node);
  registerFleetGauges(registry, fleet);
  registerMemoryGauges(registry, memory);
  registerClusterGauges(registry, node, leaders);
  registerStoreGauges(registry, stores);
  registerQueueGauges(registry, queues, node.clock);
  const stopCounting = countQueueEvents(registry, queues, node.log);
  registerGauge(registry, 'drover_bus_connected', '1 while connected to NATS.', () =>
    node.transport.connected ? 1 : 0,
  );
  registerGauge(
    registry,
    'drover_fleet_calls',
    'Requests that this gateway runs on the fleet now.',
    () => fleet.active,
  );
  registerGauge(
    registry,
    'drover_client_wait_seconds',
    'Longest wait of a health check on a new connection in about the last ten seconds.',
    () => wait.waitMs / 1_000,
  );
  const remedies = new Counter({
    name: 'drover_remedies_total',
    help: 'Faults that a node of the cluster mended by itself, as this gateway heard of them.',
    labelNames: ['action'],
    registers: [registry],
  });
  return {
    ...requests,
    ...countLimits(registry),
    ...auditMetrics(registry),
    countRemedy: (action) => remedies.inc({ action }),
    contentType: registry.contentType,
    text: async (): Promise<string> => await registry.metrics(),
    stop: (): void => {
      unsubscribe();
      stopCounting();
      registry.clear();
    },
  };
}

/** Counts restarts and dead letters of this process. Returns a function that stops the count. */
function countActorEvents(registry: Registry, node: ClusterNode): () => void {
  const registers = [registry];
  const restarts = new Counter({
    name: 'drover_actor_restarts_total',
    help: 'Restarts of actors in this process.',
    registers,
  });
  const deadLetters = new Counter({
    name: 'drover_dead_letters_total',
    help: 'Messages that this process could not deliver.',
    labelNames: ['reason'],
    registers,
  });
  return node.system.onEvent((event: RuntimeEvent) => {
    if (event.type === 'restarted') restarts.inc();
    if (event.type === 'dead-letter') deadLetters.inc({ reason: event.reason });
  });
}

function registerGauge(registry: Registry, name: string, help: string, read: () => number): void {
  registry.registerMetric(
    new Gauge({
      name,
      help,
      registers: [],
      collect(): void {
        this.set(read());
      },
    }),
  );
}
