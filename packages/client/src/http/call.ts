import { type Operations, rawAnswers, rawBodies } from '../generated/operations.ts';
import type { RawBody } from '../raw-body.ts';
import { targetOf } from './target.ts';
import type { CallOptions, Outgoing, Transport } from './transport.ts';

/** `METHOD /path` of a route of Drover's own. */
export type Route = keyof Operations;

export type Answer<R extends Route> = Operations[R]['answer'];

/** A part of a request: absent, optional where nothing in it must be given, else needed. */
type Part<Name extends string, T> = [T] extends [undefined]
  ? unknown
  : undefined extends T
    ? { readonly [K in Name]?: T }
    : Partial<T> extends T
      ? { readonly [K in Name]?: T }
      : { readonly [K in Name]: T };

/** What a route takes. */
export type CallRequest<R extends Route> = Part<'path', Operations[R]['path']> &
  Part<'query', Operations[R]['query']> &
  Part<'headers', Operations[R]['headers']> &
  Part<'body', Operations[R]['body']> &
  CallOptions & {
    /** Whether the gateway may get the request twice without harm. */
    readonly isRepeatable?: boolean | undefined;
  };

/** The request may be left out where nothing in it must be given. */
export type CallArguments<R extends Route> =
  Partial<CallRequest<R>> extends CallRequest<R> ? [request?: CallRequest<R>] : [request: CallRequest<R>];

interface LooseRequest extends CallOptions {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly isRepeatable?: boolean | undefined;
}

/** Calls a route. @throws RequestError and the other errors of the client */
export async function call<R extends Route>(
  transport: Transport,
  route: R,
  ...[request]: CallArguments<R>
): Promise<Answer<R>> {
  const outgoing = outgoingOf(route, request ?? {});
  const answer = rawAnswers.has(route) ? transport.response(outgoing) : transport.json(outgoing);
  return (await answer) as Answer<R>;
}

/** The request as it is sent. */
export function outgoingOf(route: Route, request: LooseRequest): Outgoing {
  const { path = {}, query = {}, headers = {}, body, signal, timeoutMs, isRepeatable } = request;
  const [method = '', template = ''] = route.split(' ');
  const isRaw = rawBodies.has(route);
  const sent = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    method,
    target: targetOf(template, path, query),
    headers: {
      ...(body !== undefined && !isRaw && { 'content-type': 'application/json' }),
      ...Object.fromEntries(sent),
    },
    ...(body !== undefined && { body: isRaw ? (body as RawBody) : JSON.stringify(body) }),
    signal,
    timeoutMs,
    isRepeatable,
  };
}
