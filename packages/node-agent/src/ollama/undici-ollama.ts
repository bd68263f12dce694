import type { Clock } from '@drover/actor-core';
import { Client, type Dispatcher } from 'undici';
import { UpstreamError, type UpstreamErrorCode } from '../errors.ts';
import type { AnswerHandler, Ollama, Reply, UpstreamRequest } from './ollama.ts';

export interface ConnectOptions {
  readonly connectMs: number;
  /** Idle connections kept for the next request. */
  readonly maxIdle: number;
}

/** One TCP connection at a time; `connects` tells a reused socket from a fresh one. */
interface Line {
  readonly client: Client;
  connects: number;
}

/** An idle socket closes by itself after this; Ollama keeps its side open for ever. */
const keepAliveMs = 20_000;
/** A stale socket shows itself at once; a loss after this is a lost request. */
const staleSocketMs = 1_000;
const staleCodes = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
const maxReplyBytes = 64 * 1024 * 1024;

const refusedCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * An Ollama over HTTP/1.1. Each request has a connection to itself, so that aborting one destroys exactly its socket
 * (that is what frees Ollama's slot) and so that it is known whether a socket was reused. No undici timeouts: a load
 * may take minutes, and the job has its own deadlines.
 */
export function connectOllama(url: string, clock: Clock, options: ConnectOptions): Ollama {
  const idle: Line[] = [];
  const open = new Set<Line>();
  const headers = {
    host: hostHeader(url),
    'content-type': 'application/json',
    accept: 'application/x-ndjson, application/json',
  };

  const take = (): Line => {
    const reused = idle.pop();
    if (reused !== undefined) return reused;
    const client = new Client(url, {
      connect: { timeout: options.connectMs },
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      pipelining: 1,
    });
    const line: Line = { client, connects: 0 };
    client.on('connect', () => {
      line.connects += 1;
    });
    open.add(line);
    return line;
  };
  const drop = (line: Line): void => {
    open.delete(line);
    line.client.destroy().catch(() => {});
  };
  const giveBack = (line: Line): void => {
    if (open.has(line) && idle.length < options.maxIdle) idle.push(line);
    else drop(line);
  };

  const send = (
    method: 'GET' | 'POST',
    path: string,
    body: Uint8Array | null,
    handler: AnswerHandler,
  ): UpstreamRequest => {
    let current: Line | undefined;
    const attempt = (mayRetry: boolean): void => {
      const line = take();
      current = line;
      const connectsBefore = line.connects;
      const startedAtMs = clock.now();
      let answered = false;
      const mine = (): boolean => current === line;
      const over = (): void => {
        current = undefined;
      };
      line.client.dispatch({ method, path, body, headers }, {
        onRequestStart() {},
        onResponseStarted() {
          answered = true;
        },
        onResponseStart(_controller, status, received) {
          answered = true;
          if (status < 200 || !mine()) return;
          const { 'content-type': contentType, location } = received;
          handler.onHead({
            status,
            contentType: text(contentType),
            location: text(location),
            headers: received,
          });
        },
        onResponseData(_controller, packet) {
          if (mine()) handler.onData(packet);
        },
        onResponseEnd() {
          if (!mine()) return;
          over();
          giveBack(line);
          handler.onEnd();
        },
        onResponseError(_controller, error) {
          if (!mine()) return;
          over();
          drop(line);
          const reused = connectsBefore > 0 && line.connects === connectsBefore;
          const stale =
            reused && !answered && staleCodes.has(codeOf(error)) && clock.now() - startedAtMs < staleSocketMs;
          if (mayRetry && stale) attempt(false);
          else handler.onError(upstreamError(url, error));
        },
      } satisfies Dispatcher.DispatchHandler);
    };
    attempt(true);
    return {
      abort() {
        const line = current;
        current = undefined;
        if (line !== undefined) drop(line);
      },
    };
  };

  return {
    url,
    post: (path, body, handler) => send('POST', path, body, handler),
    ask: (method, path, { timeoutMs, body }) =>
      collect(url, clock, timeoutMs, (handler) => send(method, path, body ?? null, handler)),
    close() {
      for (const line of [...open]) drop(line);
      idle.length = 0;
    },
  };
}

/** One whole small answer within a deadline. */
function collect(
  url: string,
  clock: Clock,
  timeoutMs: number,
  start: (handler: AnswerHandler) => UpstreamRequest,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    let head: Omit<Reply, 'body'> = { status: 0, headers: {} };
    const give = (error: UpstreamError): void => {
      timer.cancel();
      request?.abort();
      reject(error);
    };
    const timer = clock.setTimer(timeoutMs, () =>
      give(new UpstreamError('lost', url, `no answer within ${timeoutMs} ms`)),
    );
    let request: UpstreamRequest | undefined;
    request = start({
      onHead({ status, headers }) {
        head = { status, headers };
      },
      onData(packet) {
        bytes += packet.length;
        if (bytes > maxReplyBytes)
          give(new UpstreamError('garbled', url, `answered more than ${maxReplyBytes} bytes`));
        else parts.push(Buffer.from(packet));
      },
      onEnd() {
        timer.cancel();
        resolve({ ...head, body: Buffer.concat(parts) });
      },
      onError: give,
    });
  });
}

/**
 * Ollama answers 403 to a Host it does not know (one-label names, `*.lan`, public addresses), so over plain http it is
 * always called localhost. Behind https there is a proxy that needs its own name.
 */
function hostHeader(url: string): string {
  const { protocol, port, host } = new URL(url);
  return protocol === 'http:' ? `localhost:${port === '' ? '80' : port}` : host;
}

function text(header: string | string[] | undefined): string {
  return (Array.isArray(header) ? header[0] : header) ?? '';
}

function upstreamError(url: string, error: Error): UpstreamError {
  const code = codeOf(error);
  return new UpstreamError(errorKind(code, error), url, describe(code, error), { cause: error });
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function errorKind(code: string, { name, message }: Error): UpstreamErrorCode {
  if (refusedCodes.has(code)) return 'refused';
  const garbled =
    name === 'HTTPParserError' ||
    code === 'UND_ERR_HEADERS_OVERFLOW' ||
    message === 'bad response' ||
    message === 'bad upgrade';
  return garbled ? 'garbled' : 'lost';
}

function describe(code: string, error: Error): string {
  if (refusedCodes.has(code)) return `cannot connect (${code}); is Ollama running there?`;
  return `the connection broke (${code === '' ? error.message : `${code}: ${error.message}`})`;
}
