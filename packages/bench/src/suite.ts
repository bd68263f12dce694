import type { NamedModule } from './named-module.ts';
import type { BenchReport } from './report.ts';

/** Options of `npm run bench` for a suite. */
export interface SuiteOptions {
  /** Few and short rounds, which show that everything runs and roughly how fast. */
  readonly quick: boolean;
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
