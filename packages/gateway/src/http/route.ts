import type { Exchange } from './exchange.ts';

export type RouteParams = Readonly<Record<string, string>>;
export type Handler = (exchange: Exchange, params: RouteParams) => Promise<void> | void;

export interface Route {
  readonly methods: readonly string[];
  /** Segments in braces match one segment: `/v1/models/{id}`. */
  readonly path: string;
  /** What it throws is answered in the dialect of the route. */
  readonly handler: Handler;
  /** False: does not count against the concurrency limit. @default true */
  readonly counted?: boolean;
}
