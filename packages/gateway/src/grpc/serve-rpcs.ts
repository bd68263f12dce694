import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { X509Certificate } from 'node:crypto';
import { callbackify } from 'node:util';
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  status,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { InvalidArgumentError, type Logger } from '@drover/actor-core';
import { clientCertificateOf } from '../tls/client-certificate.ts';
import type { InnerHttp, InnerRequest } from './inner-http.ts';
import { readPieces } from './read-pieces.ts';
import type { Rpc, RpcTable, StreamRpc, UnaryRpc } from './rpc.ts';
import { failureOfAnswer, RpcFailure, serviceErrorOf } from './rpc-failure.ts';

/** Metadata of a call that becomes headers of the request to the route. */
const passedUp = ['authorization', 'x-api-key', 'x-drover-request-id', 'traceparent', 'tracestate'] as const;
/** Headers of the answer that become metadata. */
const passedDown = /^(x-drover-|x-request-id$)/;

type Call = ServerUnaryCall<unknown, object> | ServerWritableStream<unknown, object>;

/**
 * The implementation of a service by a table.
 *
 * @throws InvalidArgumentError naming an RPC that only one of both has
 */
export function serveRpcs(
  definition: ServiceDefinition,
  table: RpcTable,
  http: InnerHttp,
  log: Logger,
): UntypedServiceImplementation {
  for (const name of new Set([...Object.keys(definition), ...Object.keys(table)]))
    if (!Object.hasOwn(definition, name) || !Object.hasOwn(table, name))
      throw new InvalidArgumentError('table', `must have exactly the RPCs of the proto: ${name}`);
  return Object.fromEntries(Object.entries(table).map(([name, rpc]) => [name, handlerOf(rpc, http, log)]));
}

function handlerOf(rpc: Rpc, http: InnerHttp, log: Logger): UntypedHandleCall {
  const handler = rpc.kind === 'unary' ? unaryHandler(rpc, http, log) : streamHandler(rpc, http, log);
  return handler as UntypedHandleCall;
}

function unaryHandler(rpc: UnaryRpc<never>, http: InnerHttp, log: Logger): handleUnaryCall<never, object> {
  return callbackify(async (call: ServerUnaryCall<never, object>) => {
    try {
      return await answerOnce(call, rpc, http);
    } catch (error) {
      throw serviceErrorOf(error, log);
    }
  }) as unknown as handleUnaryCall<never, object>;
}

async function answerOnce(
  call: ServerUnaryCall<never, object>,
  rpc: UnaryRpc<never>,
  http: InnerHttp,
): Promise<object> {
  const answer = await begin(call, rpc.request(call.request), http);
  const bytes = await readAll(answer);
  return rpc.response(
    { status: answer.statusCode ?? 0, headers: answer.headers, bytes, text: bytes.toString('utf8') },
    call.request,
  );
}

function streamHandler(
  rpc: StreamRpc<never>,
  http: InnerHttp,
  log: Logger,
): handleServerStreamingCall<never, object> {
  return (call) => {
    void pump(call, rpc, http).then(
      () => call.end(),
      (error: unknown) => call.emit('error', serviceErrorOf(error, log)),
    );
  };
}

/** A reader that is slower than the stream stops the reading of the answer, as a full socket does. */
async function pump(
  call: ServerWritableStream<never, object>,
  rpc: StreamRpc<never>,
  http: InnerHttp,
): Promise<void> {
  const answer = await begin(call, rpc.request(call.request), http);
  for await (const piece of readPieces(answer, rpc.framing)) {
    if (call.cancelled) return;
    const response = rpc.response(piece);
    if (response !== undefined && !call.write(response))
      await Promise.race([once(call, 'drain'), once(call, 'cancelled')]);
  }
}

/**
 * Sends the request to the route and the answer's headers to the caller. The call's end closes the connection.
 *
 * @throws RpcFailure for an error answer
 */
async function begin(call: Call, request: InnerRequest, http: InnerHttp): Promise<IncomingMessage> {
  const abort = new AbortController();
  call.once('cancelled', () => abort.abort());
  const headers = { ...request.headers, ...headersOf(call) };
  const raw = call.getAuthContext().sslPeerCertificate?.raw;
  const certificate = raw && clientCertificateOf(new X509Certificate(raw));
  const answer = await http
    .call({ ...request, headers, certificate }, abort.signal)
    .catch((error: unknown) => {
      if (call.cancelled) throw new RpcFailure(status.CANCELLED, 'the call was cancelled');
      const { code } = error as { code?: unknown };
      if (typeof code !== 'string') throw error;
      throw new RpcFailure(status.UNAVAILABLE, `the gateway cannot take the call now (${code}); call again`);
    });
  const { statusCode = 0 } = answer;
  sendMetadata(call, answer);
  if (statusCode < 300) return answer;
  const bytes = await readAll(answer);
  throw failureOfAnswer(statusCode, answer.headers, bytes.toString('utf8'));
}

function headersOf(call: Call): Record<string, string> {
  const { metadata } = call;
  const headers: Record<string, string> = {};
  for (const name of passedUp) {
    const [value] = metadata.get(name);
    if (typeof value === 'string') headers[name] = value;
  }
  const deadline = call.getDeadline();
  const endsAtMs = deadline instanceof Date ? deadline.getTime() : deadline;
  if (Number.isFinite(endsAtMs))
    headers['x-drover-timeout-ms'] = String(Math.max(1, Math.ceil(endsAtMs - Date.now())));
  return headers;
}

function sendMetadata(call: Call, { headers }: IncomingMessage): void {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers))
    if (passedDown.test(name) && typeof value === 'string') metadata.set(name, value);
  call.sendMetadata(metadata);
}

async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
