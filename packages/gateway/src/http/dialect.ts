import type { FailureFormat } from './reply.ts';
import type { Route } from './route.ts';

/**
 * Routes that answer errors in one format. All that this folder knows of a dialect: every error before a handler or
 * thrown by it (an unknown path, a limit, an internal failure) is written in the dialect of the route.
 */
export interface Dialect {
  readonly routes: readonly Route[];
  /**
   * Paths whose errors have this dialect's format, whether or not a route exists there. An entry that ends in `/` also
   * means all paths below it. The longest entry wins over those of other dialects, independent of their order; so does
   * the owner's route where two dialects have the same one.
   */
  readonly paths: readonly string[];
  readonly failure: FailureFormat;
  /** Answer to an unknown path (404) or method (405). @default `failure` */
  readonly unrouted?: FailureFormat;
}
