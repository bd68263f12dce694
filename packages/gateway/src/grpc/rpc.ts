import type { IncomingHttpHeaders } from 'node:http';
import type { InnerRequest } from './inner-http.ts';

/** The whole answer of a route. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body as text. */
  readonly text: string;
}

/** An RPC with one response. */
export interface UnaryRpc<Request> {
  readonly kind: 'unary';
  /** The request to the route that does it. @throws RpcFailure */
  readonly request: (request: Request) => InnerRequest;
  /** The response message. */
  readonly response: (answer: WholeAnswer, request: Request) => object;
}

/** An RPC with many responses. */
export interface StreamRpc<Request> {
  readonly kind: 'stream';
  readonly request: (request: Request) => InnerRequest;
  /** How the route separates what it sends. */
  readonly framing: 'lines' | 'events';
  /** The response of one line, or of the data of one event; undefined: none. @throws RpcFailure */
  readonly response: (piece: Piece) => object | undefined;
}

/** A line, or one server-sent event. */
export interface Piece {
  /** Name of the event; empty for a line. */
  readonly event: string;
  readonly data: string;
}

/** An RPC of any request type. The type is that of its proto, which grpc-js has checked. */
export type Rpc = UnaryRpc<never> | StreamRpc<never>;

/** The RPCs of one service by name. */
export type RpcTable = Readonly<Record<string, Rpc>>;

export function unary<Request>(
  request: UnaryRpc<Request>['request'],
  response: UnaryRpc<Request>['response'],
): Rpc {
  return { kind: 'unary', request, response };
}

export function stream<Request>(
  framing: 'lines' | 'events',
  request: StreamRpc<Request>['request'],
  response: StreamRpc<Request>['response'],
): Rpc {
  return { kind: 'stream', framing, request, response };
}
