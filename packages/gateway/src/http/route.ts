import type { IncomingHttpHeaders } from 'node:http';
import type { Right } from '../keys/rights.ts';
import type { Exchange } from './exchange.ts';

export type RouteParams = Readonly<Record<string, string>>;
export type Handler = (exchange: Exchange, params: RouteParams) => Promise<void> | void;

export interface Route {
  readonly methods: readonly string[];
  /** Path pattern. A name in braces matches one segment: `/v1/models/{id}`. */
  readonly path: string;
  /**
   * Limits the route to some clients, by the headers that they send; another dialect has a route of the same path and
   * method for all others.
   */
  readonly forClient?: (headers: IncomingHttpHeaders) => boolean;
  /**
   * True: the pattern is compared with the path as it was sent, and each parameter is decoded afterwards, so that it
   * may hold a slash. The path is not cleaned. @default false
   */
  readonly isEncoded?: boolean;
  /** The right that the caller needs. A handler finds the caller in `exchange.principal`. */
  readonly right: Right;
  /** Handles a request. An error that it throws is answered in the format of the route's dialect. */
  readonly handler: Handler;
  /** False: does not count against the concurrency limit. @default true */
  readonly counted?: boolean;
}
