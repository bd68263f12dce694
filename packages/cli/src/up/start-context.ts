import type { UpConfig } from '../config.ts';
import type { LocalCluster } from './local-cluster.ts';
import type { UpReporter } from './reporter.ts';

/** What every step of the start of a cluster needs. */
export interface StartContext {
  readonly config: UpConfig;
  readonly environment: NodeJS.ProcessEnv;
  readonly reporter: UpReporter;
  readonly cluster: LocalCluster;
  /** Aborted when the start is to be given up. */
  readonly signal: AbortSignal;
}

/**
 * Time after which a started process that is not ready is killed and started again. It is long, because on an
 * overloaded machine a new start would take as long as this one.
 */
export const processReadyMs = 60_000;
