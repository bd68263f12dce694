import type { NamedModule } from './named-module.ts';
import type { BenchReport } from './report.ts';

/** What `npm run bench` hands to a suite. */
export interface SuiteOptions {
  /** Few and short rounds: shows that everything runs, and roughly how fast. */
  readonly quick: boolean;
  readonly extraArms: readonly NamedModule[];
  /** Workloads to run; none given means all. */
  readonly only: readonly string[];
  /** Overrides how many rounds the suite takes. */
  readonly rounds: number | undefined;
  readonly progress: (line: string) => void;
}

/**
 * One table of `npm run bench`.
 *
 * @throws UsageError when the options cannot be, Error when a row failed
 */
export type Suite = (options: SuiteOptions) => Promise<BenchReport>;
