import type { Clock } from '@drover/actor-core';
import type { Dispatcher } from 'undici';
import { UpstreamError } from '../errors.ts';
import { HostHeader, isHostRefusal } from './host-header.ts';
import { type Connection, ConnectionPool, type ConnectionPoolOptions } from './connection-pool.ts';
import type { OllamaAddress } from './ollama-address.ts';
import type { AnswerHandler, Ollama, Reply, UpstreamRequest } from './ollama.ts';
import { isStaleSocketError, upstreamError } from './upstream-error.ts';

/** Time within which a stale socket fails. A later failure means that the request itself was lost. */
const staleSocketMs = 1_000;
const maxReplyBytes = 64 * 1024 * 1024;

type Method = 'GET' | 'POST';

/**
 * An Ollama over HTTP/1.1. The abort of a request destroys its socket, which frees the slot in Ollama. The requests
 * of `ask` find out which `Host` header Ollama accepts; the requests of `post` use that header.
 */
export function connectOllama(address: OllamaAddress, clock: Clock, options: ConnectionPoolOptions): Ollama {
  const url = address.shown;
  const pool = new ConnectionPool(address.origin, options);
  const hostHeader = new HostHeader(address);
  const { authorization } = address;
  const send = (
    method: Method,
    path: string,
    body: Uint8Array | null,
    handler: AnswerHandler,
    { host = hostHeader.value, trace }: { readonly host?: string; readonly trace?: string | undefined } = {},
  ): UpstreamRequest => {
    const request = new Exchange(url, clock, pool, handler);
    request.send({
      method,
      path: `${address.basePath}${path}`,
      body,
      headers: {
        host,
        'content-type': 'application/json',
        accept: 'application/x-ndjson, application/json',
        ...(authorization === undefined ? {} : { authorization }),
        ...(trace === undefined ? {} : { traceparent: trace }),
      },
    });
    return request;
  };
  return {
    url,
    post: (path, body, handler, trace) => send('POST', path, body, handler, { trace }),
    async ask(method, path, { timeoutMs, body }) {
      const deadlineMs = clock.now() + timeoutMs;
      const askAs = (host: string): Promise<Reply> =>
        collect(url, clock, Math.max(1, deadlineMs - clock.now()), (handler) =>
          send(method, path, body ?? null, handler, { host }),
        );
      const { value, other } = hostHeader;
      const reply = await askAs(value);
      if (!isHostRefusal(reply)) return reply;
      const second = await askAs(other);
      if (isHostRefusal(second)) return reply;
      hostHeader.keep(other);
      return second;
    },
    close: () => pool.close(),
  };
}

/** One request on one connection, or on a second one when the first was stale. */
class Exchange implements UpstreamRequest {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #pool: ConnectionPool;
  readonly #handler: AnswerHandler;
  /** Undefined after the end of the request. Callbacks of another connection are ignored. */
  #connection: Connection | undefined;
  #answered = false;
  #retried = false;

  constructor(url: string, clock: Clock, pool: ConnectionPool, handler: AnswerHandler) {
    this.#url = url;
    this.#clock = clock;
    this.#pool = pool;
    this.#handler = handler;
  }

  send(options: Dispatcher.DispatchOptions): void {
    const connection = this.#pool.take();
    const connectsBefore = connection.connects;
    const sentAtMs = this.#clock.now();
    this.#connection = connection;
    connection.client.dispatch(options, {
      onRequestStart() {},
      onResponseStarted: () => {
        this.#answered = true;
      },
      onResponseStart: (_controller, status, headers) => {
        if (status < 200 || this.#connection !== connection) return;
        this.#handler.onHead({ status, contentType: text(headers['content-type']), headers });
      },
      onResponseData: (_controller, packet) => {
        if (this.#connection === connection) this.#handler.onData(packet);
      },
      onResponseEnd: () => {
        if (this.#connection !== connection) return;
        this.#connection = undefined;
        this.#pool.giveBack(connection);
        this.#handler.onEnd();
      },
      onResponseError: (_controller, error) => {
        if (this.#connection !== connection) return;
        this.#connection = undefined;
        this.#pool.drop(connection);
        const reused = connectsBefore > 0 && connection.connects === connectsBefore;
        const early = !this.#answered && this.#clock.now() - sentAtMs < staleSocketMs;
        if (reused && early && !this.#retried && isStaleSocketError(error)) {
          this.#retried = true;
          this.send(options);
        } else this.#handler.onError(upstreamError(this.#url, error));
      },
    });
  }

  abort(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection !== undefined) this.#pool.drop(connection);
  }
}

/** Collects a small answer within a deadline. */
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
    const giveUp = (error: UpstreamError): void => {
      timer.cancel();
      request?.abort();
      reject(error);
    };
    const tooLate = (): void =>
      giveUp(new UpstreamError('lost', url, `no answer within ${Math.round(timeoutMs)} ms`));
    const timer = clock.setTimer(timeoutMs, tooLate);
    let request: UpstreamRequest | undefined;
    request = start({
      onHead({ status, headers }) {
        head = { status, headers };
      },
      onData(packet) {
        bytes += packet.length;
        if (bytes > maxReplyBytes) {
          giveUp(new UpstreamError('garbled', url, `answered more than ${maxReplyBytes} bytes`));
        } else parts.push(Buffer.from(packet));
      },
      onEnd() {
        timer.cancel();
        resolve({ ...head, body: Buffer.concat(parts) });
      },
      onError: giveUp,
    });
  });
}

function text(header: string | string[] | undefined): string {
  return (Array.isArray(header) ? header[0] : header) ?? '';
}
