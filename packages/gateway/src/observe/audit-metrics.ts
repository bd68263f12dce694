import { Counter, Gauge, type Registry } from 'prom-client';
import type { AuditStatus } from '../audit/audit-chain.ts';

/** Metrics of the audit chain of a gateway. */
export interface AuditMetrics {
  /** Follows the chain, which is read at each scrape. All are 0 for a gateway that records nothing. */
  followAudit(read: () => AuditStatus): void;
}

type Row = readonly [name: string, help: string, pick: (status: AuditStatus) => number];

const counters: readonly Row[] = [
  ['records', 'Audit records that the store took from this gateway.', ({ stored }) => stored],
  ['batches', 'Messages with audit records that the store took from this gateway.', ({ batches }) => batches],
  ['lost', 'Audit records that were dropped, because too many waited for the store.', ({ lost }) => lost],
];

const gauges: readonly Row[] = [
  ['waiting', 'Audit records that wait for the store.', ({ waiting }) => waiting],
  [
    'loss_window_seconds',
    'Age of the oldest audit record that waits for the store: a killed gateway would lose it.',
    ({ lossWindowMs }) => lossWindowMs / 1_000,
  ],
  [
    'failing_seconds',
    'For how long the store has taken no audit record; 0 while it does.',
    ({ failing }) => (failing?.forMs ?? 0) / 1_000,
  ],
];

export function auditMetrics(registry: Registry): AuditMetrics {
  let read: (() => AuditStatus) | undefined;
  const value = (pick: Row[2]): number => {
    const status = read?.();
    return status === undefined ? 0 : pick(status);
  };
  for (const [name, help, pick] of counters)
    registry.registerMetric(
      new Counter({
        name: `drover_audit_${name}_total`,
        help,
        registers: [],
        collect(): void {
          this.reset();
          this.inc(value(pick));
        },
      }),
    );
  for (const [name, help, pick] of gauges)
    registry.registerMetric(
      new Gauge({
        name: `drover_audit_${name}`,
        help,
        registers: [],
        collect(): void {
          this.set(value(pick));
        },
      }),
    );
  return {
    followAudit: (status) => {
      read = status;
    },
  };
}
