import type { FleetClient, InstanceEvidence } from '@drover/fleet';
import { Gauge, type Registry } from 'prom-client';

/** Gauges of the instances in this node's load reports, with the age of the reports. Read at each scrape. */
export function registerFleetGauges(registry: Registry, fleet: FleetClient): void {
  const perInstance = (name: string, help: string, read: (evidence: InstanceEvidence) => number): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ['node', 'instance'],
        registers: [],
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
  perInstance('drover_node_queued', 'Requests in the queue of the node-agent.', ({ load }) => load.queued);
  perInstance(
    'drover_node_wait_seconds',
    'Expected wait for a slot of a request that arrives now.',
    ({ load }) => (load.waitMs ?? 0) / 1_000,
  );
  perInstance(
    'drover_node_slots',
    'Largest number of requests inside the Ollama at once.',
    ({ load }) => load.slots,
  );
  perInstance('drover_node_ready', '1 if the instance accepts requests.', ({ alive, load }) =>
    alive && load.state === 'ready' ? 1 : 0,
  );
  perInstance('drover_node_evidence_age_seconds', 'Age of the load report.', ({ ageMs }) => ageMs / 1_000);
}
