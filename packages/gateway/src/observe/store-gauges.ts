import type { HeardStoreReport, StoreReports } from '@drover/actor-core/cluster';
import { Gauge, type Registry } from 'prom-client';

/** Gauges of what the hosts report about their records, by host. Read at each scrape. */
export function registerStoreGauges(registry: Registry, reports: StoreReports): void {
  const gauge = (name: string, help: string, read: (report: HeardStoreReport) => number): void => {
    registry.registerMetric(
      new Gauge({
        name: `drover_${name}`,
        help,
        labelNames: ['node'],
        registers: [],
        collect(): void {
          this.reset();
          for (const report of reports.all()) this.set({ node: report.node }, read(report));
        },
      }),
    );
  };
  gauge(
    'fenced_writes_refused_total',
    'Writes of a host that the log refused because a newer fence held.',
    ({ refusedWrites }) => refusedWrites,
  );
  gauge(
    'memory_moved_total',
    'Values of the memory that a host has moved into blobs by their age.',
    ({ movedValues }) => movedValues,
  );
  gauge(
    'memory_reclaimed_blobs_total',
    'Blobs without a record that a host has removed.',
    ({ reclaimedBlobs }) => reclaimedBlobs,
  );
  gauge(
    'thin_logs',
    'Logs with fewer copies than they should have, as a host sees them.',
    ({ thinLogs }) => thinLogs.length,
  );
  gauge(
    'quarantined_journals',
    'Journals whose stored data was not accepted, as a host sees them.',
    ({ quarantinedCount }) => quarantinedCount,
  );
  gauge(
    'store_report_age_seconds',
    'Time since a host has reported about its records.',
    ({ ageMs }) => ageMs / 1_000,
  );
}
