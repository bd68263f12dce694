import type { NamedModule } from './named-module.ts';
import type { BenchReport } from './report.ts';

/**
 * `full`: the figures that count · `quick`: few and short rounds, which show roughly how fast · `check`: the shortest
 * run that verifies every answer, with our own arms only. The tests run the check; its figures mean nothing.
 */
export type BenchForm = 'full' | 'quick' | 'check';

/** Options of `npm run bench` for a suite. */
export interface SuiteOptions {
  readonly form: BenchForm;
  readonly extraArms: readonly NamedModule[];
  /** Workloads to run; empty: all. */
  readonly only: readonly string[];
  /** Number of rounds; undefined: the default of the suite. */
  readonly rounds: number | undefined;
  readonly progress: (line: string) => void;
}

/**
 * One comparison of `npm run bench`.
 *
 * @throws UsageError for wrong options, Error when a row failed
 */
export type Suite = (options: SuiteOptions) => Promise<BenchReport>;
