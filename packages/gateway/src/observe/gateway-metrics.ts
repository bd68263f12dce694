import type { RuntimeEvent } from '@drover/actor-core';
import type { ClusterNode } from '@drover/actor-core/cluster';
import type { FleetClient } from '@drover/fleet';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ClientWait } from './client-wait.ts';

/** Result of a request, as a label of metrics. */
export type Outcome =
  | 'ok'
  /** The client disconnected. */
  | 'client-gone'
  /** Status below 500. */
  | 'refused'
  /** Status 500 or above. */
  | 'failed'
  /** The stream failed after its first byte. */
  | 'broken';

export interface GatewayMetrics {
  readonly contentType: string;
  requestDone(route: string, model: string, outcome: Outcome, seconds: number): void;
  streamBegan(): void;
  streamEnded(): void;
  firstToken(route: string, model: string, seconds: number): void;
  betweenTokens(route: string, model: string, seconds: number): void;
  text(): Promise<string>;
  stop(): void;
}

const latencyBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const tokenBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Metrics of one gateway for Prometheus, in their own registry. Values of other parts are read at each scrape. */
export function createMetrics(node: ClusterNode, fleet: FleetClient, wait: ClientWait): GatewayMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const labelNames = ['route', 'model'] as const;
  const requests = new Counter({
    name: 'drover_requests_total',
    help: 'Requests by how they ended.',
    labelNames: ['route', 'model', 'outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'drover_request_duration_seconds',
    help: 'From the request being read to the end of its answer.',
    labelNames,
    buckets: latencyBuckets,
    registers,
  });
  const firstToken = new Histogram({
    name: 'drover_first_token_seconds',
    help: 'From the request being read to the first bytes of its answer.',
    labelNames,
    buckets: latencyBuckets,
    registers,
  });
  const betweenTokens = new Histogram({
    name: 'drover_inter_token_seconds',
    help: 'Between two batches of lines of one stream.',
    labelNames,
    buckets: tokenBuckets,
    registers,
  });
  const streams = new Gauge({
    name: 'drover_active_streams',
    help: 'Streams being written to clients.',
    registers,
  });
  const restarts = new Counter({
    name: 'drover_actor_restarts_total',
    help: 'Actors restarted in this process.',
    registers,
  });
  const deadLetters = new Counter({
    name: 'drover_dead_letters_total',
    help: 'Messages this process could not deliver.',
    labelNames: ['reason'],
    registers,
  });
  registerEvidence(registry, node, fleet);
  registry.registerMetric(
    new Gauge({
      name: 'drover_client_wait_seconds',
      help: 'Longest that a health check on a new connection waited, of the last ten seconds or so.',
      registers: [],
      collect(): void {
        this.set(wait.waitMs / 1_000);
      },
    }),
  );
  const unsubscribe = node.system.onEvent((event: RuntimeEvent) => {
    if (event.type === 'restarted') restarts.inc();
    if (event.type === 'dead-letter') deadLetters.inc({ reason: event.reason });
  });
  return {
    contentType: registry.contentType,
    requestDone: (route, model, outcome, seconds): void => {
      requests.inc({ route, model, outcome });
      duration.observe({ route, model }, seconds);
    },
    streamBegan: (): void => streams.inc(),
    streamEnded: (): void => streams.dec(),
    firstToken: (route, model, seconds): void => firstToken.observe({ route, model }, seconds),
    betweenTokens: (route, model, seconds): void => betweenTokens.observe({ route, model }, seconds),
    text: async (): Promise<string> => await registry.metrics(),
    stop: (): void => {
      unsubscribe();
      registry.clear();
    },
  };
}

/** Gauges of what this node knows of the other nodes, with the age of that knowledge. */
function registerEvidence(registry: Registry, node: ClusterNode, fleet: FleetClient): void {
  const registers: [] = [];
  const labelNames = ['node', 'instance'] as const;
  const perInstance = (name: string, help: string, read: (evidence: Evidence) => number): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect(): void {
          this.reset();
          for (const evidence of fleet.load.instances()) {
            this.set({ node: evidence.node, instance: evidence.load.name }, read(evidence));
          }
        },
      }),
    );
  };
  perInstance('drover_node_busy', 'Requests inside the Ollama.', ({ load }) => load.busy);
  perInstance('drover_node_queued', 'Requests waiting at the node-agent.', ({ load }) => load.queued);
  perInstance(
    'drover_node_wait_seconds',
    'Expected wait for a slot of a request that would come now.',
    ({ load }) => (load.waitMs ?? 0) / 1_000,
  );
  perInstance('drover_node_slots', 'Requests allowed inside the Ollama at once.', ({ load }) => load.slots);
  perInstance('drover_node_ready', '1 when the instance takes requests.', ({ alive, load }) =>
    alive && load.state === 'ready' ? 1 : 0,
  );
  perInstance('drover_node_evidence_age_seconds', 'Age of the load report.', ({ ageMs }) => ageMs / 1_000);
  registry.registerMetric(
    new Gauge({
      name: 'drover_bus_connected',
      help: '1 while connected to NATS.',
      registers,
      collect(): void {
        this.set(node.transport.connected ? 1 : 0);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'drover_fleet_calls',
      help: 'Requests this gateway runs on the fleet now.',
      registers,
      collect(): void {
        this.set(fleet.active);
      },
    }),
  );
}

type Evidence = ReturnType<FleetClient['load']['instances']>[number];
