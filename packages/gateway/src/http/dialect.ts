import type { FailureFormat } from './reply.ts';
import type { Route } from './route.ts';

/**
 * Routes that answer errors in one format. The folder `http` uses nothing else of a dialect. It writes every error that
 * occurs before a handler runs (an unknown path, a limit) or that the handler throws, in the format of the route's
 * dialect.
 */
export interface Dialect {
  readonly routes: readonly Route[];
  /**
   * Paths whose errors have this dialect's format, whether or not a route exists there. An entry that ends in `/` also
   * means all paths below it. If entries of several dialects match a path, the dialect with the longest entry owns the
   * path, independent of the order of dialects. If two dialects have the same route, the route of the owner is used.
   */
  readonly paths: readonly string[];
  readonly failure: FailureFormat;
  /** Header in which the clients of this dialect look for the request id, beside `x-drover-request-id`. */
  readonly requestIdHeader?: string;
  /** Answer to an unknown path (404) or method (405). @default `failure` */
  readonly unrouted?: FailureFormat;
}
