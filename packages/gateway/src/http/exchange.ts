import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@drover/actor-core';
import type { RequestFailure } from '../errors.ts';
import type { Hold } from '../audit/auditor.ts';
import { anyone, type Principal } from '../keys/principal.ts';
import { awaitDrain } from './await-drain.ts';
import { answerAsHttp10 } from './http-1-0.ts';
import type { FailureFormat, Reply } from './reply.ts';
import type { RequestFacts } from './request-facts.ts';
import type { RequestLimit } from './request-limit.ts';
import { retryHeaders } from './retry-after.ts';
import { closeUnread, lingerAfter } from './unread-body.ts';
import { writeChunk } from './write-chunk.ts';

/** Go's server adds a Content-Length to an answer that fits its buffer of this size. */
const shortBodyBytes = 2_048;

const eventStream = 'text/event-stream';

/** Bytes that readers of a stream skip, by content type. */
const fillers: Readonly<Record<string, string>> = {
  [eventStream]: ':\n\n',
  'application/x-ndjson': '\n',
};

/** A stream that wrote bytes within this time needs no filler as a probe. */
const silentStreamMs = 50;

export interface ExchangeOptions {
  readonly requestId: string;
  readonly clock: Clock;
  /** A client that reads nothing for this long is disconnected; 0 for never. */
  readonly readerTimeoutMs: number;
  /** Set for a request that another gateway began. */
  readonly resumes?: Resumption;
  /** Format of error answers: that of the dialect of the route. */
  readonly formatFailure: FailureFormat;
}

/** A request that another gateway began and did not end: it has no client, and its answer is only kept. */
export interface Resumption {
  /** Called once, when it is known whether an instance still has the answer. */
  settled(isFound: boolean): void;
}

/**
 * One request and its answer. Knows whether the client is still connected, and is the only way to write the answer.
 * Bytes that the socket did not take are never queued here: after `write` returned false, the caller awaits `drained`.
 */
export class Exchange {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly method: string;
  /** Decoded, without the query. */
  readonly path: string;
  readonly query: string;
  /** Resolves when the answer is sent or the client has disconnected. */
  readonly closed: Promise<void>;
  /** Notified of the progress of the body; undefined if the request does not count against it. */
  limit: RequestLimit | undefined;
  readonly facts: RequestFacts = { route: '' };
  /** W3C traceparent for the work of this request; undefined without one. */
  trace: string | undefined;
  /** Who sent the request; set before the handler is called. */
  principal: Principal = anyone;
  /** The body as the client sent it, once it is read; only for a request whose answer is to be kept. */
  sentBody: Buffer | undefined;
  /** The kept answer that this exchange goes on with; undefined for a request of a client. */
  readonly resumes: Resumption | undefined;
  /** As `principal`, but undefined until the caller is known. */
  caller: Principal | undefined;
  /** What the request is about, for its audit record: `key=…`, `model=…`. Set by routes whose path does not tell. */
  target: string | undefined;
  /** Asked before a whole answer is sent: its promise holds the answer, its failure is sent instead. */
  hold: Hold | undefined;
  readonly #response: ServerResponse;
  readonly #options: ExchangeOptions;
  readonly #abort = new AbortController();
  readonly #bodyListeners = new Set<(failure: RequestFailure) => void>();
  #interruption: RequestFailure | undefined;
  #bodyFailure: RequestFailure | undefined;
  #awaitsContinue: boolean;
  #streamType = '';
  #filler: string | undefined;
  #failureCode: string | undefined;
  #isHeld = false;
  #lastWriteMs = 0;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    target: { readonly path: string; readonly query: string },
    options: ExchangeOptions,
  ) {
    this.request = request;
    this.#response = response;
    if (request.httpVersion === '1.0') answerAsHttp10(response);
    this.#options = options;
    this.requestId = options.requestId;
    this.resumes = options.resumes;
    this.startedAtMs = options.clock.now();
    this.method = request.method ?? 'GET';
    this.path = target.path;
    this.query = target.query;
    this.#awaitsContinue =
      request.httpVersion !== '1.0' && /100-continue/i.test(request.headers.expect ?? '');
    this.closed = new Promise((resolve) => {
      response.once('close', () => {
        if (!response.writableFinished) this.leave();
        resolve();
      });
    });
  }

  /** Aborted when the client disconnects or the gateway interrupts the request. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Set when the gateway itself ended the request: the client is still connected and gets this failure. */
  get interruption(): RequestFailure | undefined {
    return this.#interruption;
  }

  get isGone(): boolean {
    return this.#response.destroyed || this.#response.closed;
  }

  get isStarted(): boolean {
    return this.#response.headersSent;
  }

  /** Status of the answer; 200 before it has one. */
  get status(): number {
    return this.#response.statusCode;
  }

  /** The connection ended before the answer was sent whole. */
  get isCut(): boolean {
    return this.#response.closed && !this.#response.writableFinished;
  }

  /** Code of the failure that is answered; undefined for other answers. */
  get failureCode(): string | undefined {
    return this.#failureCode;
  }

  /** Address of the client's end of the connection; empty where it is gone. */
  get clientAddress(): string {
    return this.request.socket.remoteAddress ?? '';
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  setHeader(name: string, value: string | readonly string[]): void {
    if (!this.#response.headersSent) this.#response.setHeader(name, value);
  }

  /** Aborts the work for this request; its handler then answers `failure` in its dialect. */
  interrupt(failure: RequestFailure): void {
    this.#interruption ??= failure;
    this.#abort.abort(failure);
  }

  /** Treats the client as disconnected, although an answer could still reach it. */
  leave(): void {
    this.#abort.abort(new Error('the client disconnected'));
  }

  /** Called before the body is read: sends `100 Continue` to a client that waits for it. */
  awaitBody(): void {
    if (!this.#awaitsContinue) return;
    this.#awaitsContinue = false;
    if (!this.isGone && !this.#response.headersSent) this.#response.writeContinue();
  }

  /** The rest of the body will not arrive, though the client is still connected. */
  breakBody(failure: RequestFailure): void {
    this.#bodyFailure ??= failure;
    for (const listener of this.#bodyListeners) listener(failure);
  }

  /** Calls `listener` when the body breaks off, or at once if it has. Returns a function that removes the listener. */
  onBodyBroken(listener: (failure: RequestFailure) => void): () => void {
    this.#bodyListeners.add(listener);
    if (this.#bodyFailure) listener(this.#bodyFailure);
    return () => void this.#bodyListeners.delete(listener);
  }

  /**
   * Writes bytes that a client ignores. If the client has disconnected, the write makes its connection fail. Only for
   * the first open exchange of a connection. Returns false if nothing can be written: HTTP/1.0 has no bytes before the
   * head that a client ignores.
   */
  probe(): boolean {
    const response = this.#response;
    if (this.isGone || response.writableEnded) return true;
    if (!response.headersSent) {
      if (this.request.httpVersion === '1.0') return false;
      response.writeContinue();
      return true;
    }
    // Bytes of the stream itself serve as a probe too.
    this.#fill(silentStreamMs);
    return true;
  }

  /**
   * Writes a comment into a stream of events that has begun and been silent for `afterMs`. Returns the milliseconds
   * from now until the next comment is due.
   */
  comment(afterMs: number): number {
    if (this.isStarted && this.#streamType === eventStream) this.#fill(afterMs);
    const leftMs = this.#lastWriteMs + afterMs - this.#options.clock.now();
    return leftMs > 0 ? leftMs : afterMs;
  }

  /** Drops the connection without another byte. */
  destroy(): void {
    this.#response.destroy();
  }

  /** Answers with an error, by default in the format of the route's dialect; 429 and 503 carry `retry-after`. */
  fail(failure: RequestFailure, format: FailureFormat = this.#options.formatFailure): void {
    this.#failureCode = failure.code;
    for (const [name, value] of Object.entries(retryHeaders(failure))) this.setHeader(name, value);
    if (failure.status === 401) this.setHeader('www-authenticate', 'Bearer realm="drover"');
    this.reply(this.failureReply(failure, format));
  }

  /** The answer to a failure, by default in the format of the route's dialect. */
  failureReply(failure: RequestFailure, format: FailureFormat = this.#options.formatFailure): Reply {
    return format(failure, this.requestId);
  }

  /** Sends the whole answer at once, framed as Go's server frames it. */
  reply(reply: Reply): void {
    if (this.isGone || this.#response.headersSent || this.#isHeld) return;
    const held = this.hold?.(reply.status);
    if (held === undefined) return this.#send(reply);
    this.#isHeld = true;
    void this.#sendAfter(held, reply);
  }

  async #sendAfter(held: Promise<RequestFailure | undefined>, reply: Reply): Promise<void> {
    const failure = await held;
    if (failure === undefined) return this.#send(reply);
    this.#isHeld = false;
    this.hold = undefined;
    this.#response.removeHeader('www-authenticate');
    this.fail(failure);
  }

  #send(reply: Reply): void {
    if (this.isGone || this.#response.headersSent) return;
    const bytes = reply.bytes ?? Buffer.from(reply.body);
    const response = this.#response;
    response.statusCode = reply.status;
    if (reply.contentType !== '') response.setHeader('Content-Type', reply.contentType);
    const bodyHasStopped = this.#bodyFailure !== undefined || this.#awaitsContinue;
    closeUnread(this.request, response, bodyHasStopped);
    if (bytes.length <= shortBodyBytes && reply.chunked !== true)
      response.setHeader('Content-Length', bytes.length);
    // A separate `end`: node would compute a Content-Length for a body given to it, and Go does not.
    if (this.method !== 'HEAD' && bytes.length > 0) response.write(bytes);
    this.#finish();
  }

  /**
   * Begins a streamed answer; the head leaves with the first bytes written.
   *
   * @param filler bytes that readers of this stream skip
   */
  begin(status: number, contentType: string, filler: string | undefined = fillers[contentType]): void {
    this.#response.statusCode = status;
    this.#response.setHeader('Content-Type', contentType);
    this.#streamType = contentType;
    this.#filler = filler;
  }

  /** False: the socket is full; await `drained` before the next write. */
  write(text: string): boolean {
    if (this.isGone) return true;
    this.#lastWriteMs = this.#options.clock.now();
    return writeChunk(this.#response, text);
  }

  /** As `write`, for an answer whose length was stated. */
  writeBytes(bytes: Uint8Array): boolean {
    if (this.isGone) return true;
    this.#lastWriteMs = this.#options.clock.now();
    return this.#response.write(bytes);
  }

  end(): void {
    if (!this.isGone) this.#finish();
  }

  /** Adds a trailer to a streamed answer, which has begun: what was not known before its end. */
  setTrailer(name: string, value: string): void {
    if (!this.isGone) this.#response.addTrailers({ [name]: value });
  }

  /**
   * Resolves when the socket takes more bytes or the client has disconnected. A client that reads nothing for
   * `readerTimeoutMs` is disconnected.
   */
  async drained(): Promise<void> {
    const { clock, readerTimeoutMs } = this.#options;
    await awaitDrain(this.#response, this.signal, clock, readerTimeoutMs);
  }

  #fill(afterMs: number): void {
    const filler = this.#filler;
    const silentMs = this.#options.clock.now() - this.#lastWriteMs;
    if (filler === undefined || silentMs < afterMs || this.#response.writableNeedDrain) return;
    this.write(filler);
  }

  /** Bytes that the reader has not taken wait in memory, so the reader must also take the end of the answer in time. */
  #finish(): void {
    const response = this.#response;
    const { socket } = response;
    if (!this.request.complete) lingerAfter(this.request, this.#options.clock);
    response.end();
    if (response.writableFinished) return;
    response.setTimeout(this.#options.readerTimeoutMs, () => response.destroy());
    // Runs before node's own listener, which sets the connection's timeout for the next request.
    response.prependOnceListener('finish', () => socket?.setTimeout(0));
  }
}
