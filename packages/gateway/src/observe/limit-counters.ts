import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { LimitEvent } from '../limits/caller-limits.ts';
import type { QuotaStats } from '../quota/quotas.ts';

/** Metrics of the first stage of a request: the limits of its key and tenant. */
export interface LimitMetrics {
  limited(event: LimitEvent): void;
  /** Follows the quotas of the gateway, which are read at each scrape. */
  followQuotas(read: () => QuotaStats): void;
}

const waitBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export function countLimits(registry: Registry): LimitMetrics {
  const registers = [registry];
  const refusals = new Counter({
    name: 'drover_limit_refusals_total',
    help: 'Requests that a limit of their key or tenant refused, by what it counts.',
    labelNames: ['of', 'counts'],
    registers,
  });
  const waits = new Histogram({
    name: 'drover_limit_wait_seconds',
    help: 'Time that limited requests spent at the limits of their key and tenant.',
    labelNames: ['outcome'],
    buckets: waitBuckets,
    registers,
  });
  return {
    limited: ({ outcome, quota, waitedMs }) => {
      waits.observe({ outcome }, waitedMs / 1_000);
      if (quota !== undefined) refusals.inc({ of: quota.of, counts: quota.counts });
    },
    followQuotas: (read) => {
      const gauges: readonly (readonly [string, string, (stats: QuotaStats) => number])[] = [
        ['claims', 'Claims for quotas that this gateway sent.', ({ claims }) => claims],
        ['waits', 'Requests that waited for a claim.', ({ waited }) => waited],
        [
          'shares',
          'Requests let in by the share of this gateway, without the store.',
          ({ shared }) => shared,
        ],
        ['silent', '1 while the store of the quotas does not answer.', ({ isSilent }) => (isSilent ? 1 : 0)],
      ];
      for (const [name, help, pick] of gauges)
        registry.registerMetric(
          new Gauge({
            name: `drover_quota_${name}`,
            help,
            registers: [],
            collect(): void {
              this.set(pick(read()));
            },
          }),
        );
    },
  };
}
