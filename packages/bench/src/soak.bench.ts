import { startNatsServer } from '@drover/actor-core/testing';
import { hostFacts } from './host-facts.ts';
import { UsageError } from './named-module.ts';
import type { BenchReport } from './report.ts';
import { measure, type Plan } from './soak/run-load.ts';
import { SoakProcess } from './soak/soak-process.ts';
import { soakReport } from './soak/soak-report.ts';
import type { BenchForm, SuiteOptions } from './suite.ts';

const plans: Readonly<Record<BenchForm, Plan>> = {
  full: { saturateMs: 20_000, loadMs: 600_000, settledMs: 120_000 },
  quick: { saturateMs: 3_000, loadMs: 12_000, settledMs: 4_000 },
  check: { saturateMs: 500, loadMs: 3_000, settledMs: 1_000 },
};
const names = ['left', 'right'] as const;

/**
 * Runs all operations of the runtime for ten minutes at half of the highest rate, in two processes over a
 * nats-server. Finds faults that need time: memory that grows, entries that stay in tables, messages that are lost or
 * delivered twice, unhandled rejections.
 *
 * @throws Error when a process fails, and in a short run when something was lost or stays in a table
 */
export async function runSoak(options: SuiteOptions): Promise<BenchReport> {
  if (options.only.length > 0 || options.extraArms.length > 0 || options.rounds !== undefined)
    throw new UsageError(
      'soak takes no --only, --arm or --rounds: it always runs all operations in one long round',
    );
  const host = hostFacts();
  const plan = plans[options.form];
  const nats = await startNatsServer({ jetstream: false });
  const processes: SoakProcess[] = [];
  try {
    const [left, right] = names;
    processes.push(
      ...(await Promise.all([
        SoakProcess.start(`nats://${nats.url}`, left, right),
        SoakProcess.start(`nats://${nats.url}`, right, left),
      ])),
    );
    const measured = await measure(processes, nats, plan, options.progress);
    return soakReport(measured, plan, options.form !== 'full', host, nats);
  } finally {
    await Promise.all(processes.map((one) => one.stop()));
    await nats.dispose();
  }
}
