import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Timer } from '@drover/actor-core';
import type { Reply } from '../inference/answer-dialect.ts';
import type { RequestFailure } from '../errors.ts';
import { answerAsHttp10 } from './http-1-0.ts';
import type { RequestPlaces } from './request-limit.ts';
import { writeChunk } from './write-chunk.ts';

/** Go's server gives short answers a Content-Length by itself: those that fit its buffer of this size. */
const shortBodyBytes = 2_048;

/** A body nobody reads costs the connection only above this size. */
const shortRestBytes = 262_144;

/** How long a client that is still sending what nobody reads may go on, so that it sees its answer. */
const lingerMs = 2_000;

const eventStream = 'text/event-stream';

/** Bytes between a stream's parts that its readers skip, by content type. */
const fillers: Readonly<Record<string, string>> = {
  [eventStream]: ':\n\n',
  'application/x-ndjson': '\n',
};

/** A stream that wrote less than this long ago needs no filler. */
const silentStreamMs = 50;

export interface ExchangeOptions {
  readonly requestId: string;
  readonly clock: Clock;
  /** A client that reads nothing for this long is disconnected; 0 for never. */
  readonly readerTimeoutMs: number;
}

/**
 * One request and its answer. Knows whether the client is still there, holds the shell's only write path, and
 * never keeps bytes the socket did not take: after `write` returned false nothing is written before `drained`.
 */
export class Exchange {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly method: string;
  /** Decoded, without the query. */
  readonly path: string;
  readonly query: string;
  /** Resolves when the answer is out or the client is gone. */
  readonly closed: Promise<void>;
  /** Notified of the body's progress. Set where the request counts against the limits. */
  place: RequestPlaces | undefined;
  readonly #response: ServerResponse;
  readonly #options: ExchangeOptions;
  readonly #abort = new AbortController();
  readonly #bodyListeners = new Set<(failure: RequestFailure) => void>();
  #interruption: RequestFailure | undefined;
  #bodyFailure: RequestFailure | undefined;
  #awaitsContinue: boolean;
  #streamType = '';
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
    this.startedAtMs = options.clock.now();
    this.method = request.method ?? 'GET';
    this.path = target.path;
    this.query = target.query;
    this.#awaitsContinue =
      request.httpVersion !== '1.0' && /100-continue/i.test(request.headers.expect ?? '');
    this.closed = new Promise((resolve) => {
      response.once('close', () => {
        if (!response.writableFinished) this.#abort.abort(new Error('the client went away'));
        resolve();
      });
    });
  }

  /** Aborted when the client goes away, or the gateway interrupts the request. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Set when the gateway itself ended the request: the client is still there and wants to know why. */
  get interruption(): RequestFailure | undefined {
    return this.#interruption;
  }

  get isGone(): boolean {
    return this.#response.destroyed || this.#response.closed;
  }

  get isStarted(): boolean {
    return this.#response.headersSent;
  }

  /** Status sent; 0 before. */
  get status(): number {
    return this.#response.headersSent ? this.#response.statusCode : 0;
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  setHeader(name: string, value: string | readonly string[]): void {
    if (!this.#response.headersSent) this.#response.setHeader(name, value);
  }

  /** Ends what is running for this request; its handler then tells the client `failure` in its dialect. */
  interrupt(failure: RequestFailure): void {
    this.#interruption ??= failure;
    this.#abort.abort(failure);
  }

  /** The client counts as gone, though an answer may still reach it. */
  leave(): void {
    this.#abort.abort(new Error('the client went away'));
  }

  /** Called before the body is read: a client that sent `Expect: 100-continue` is told to send the body. */
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
   * Writes bytes that a reading client ignores, so that the connection of a client that is gone breaks. Only for the
   * first open exchange of a connection. False: HTTP/1.0 has no such bytes before the head.
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
   * Writes a comment into a stream of events that has begun and been silent for `afterMs`. Returns how many milliseconds
   * from now the next one is due.
   */
  comment(afterMs: number): number {
    if (this.isStarted && this.#streamType === eventStream) this.#fill(afterMs);
    const leftMs = this.#lastWriteMs + afterMs - this.#options.clock.now();
    return leftMs > 0 ? leftMs : afterMs;
  }

  #fill(afterMs: number): void {
    const filler = fillers[this.#streamType];
    const silentMs = this.#options.clock.now() - this.#lastWriteMs;
    if (filler === undefined || silentMs < afterMs || this.#response.writableNeedDrain) return;
    this.write(filler);
  }

  /** Drops the connection without another byte. */
  destroy(): void {
    this.#response.destroy();
  }

  /** The whole answer at once, framed as Go's server frames it. */
  reply(reply: Reply): void {
    if (this.isGone || this.#response.headersSent) return;
    const bytes = Buffer.from(reply.body);
    const response = this.#response;
    response.statusCode = reply.status;
    if (reply.contentType !== '') response.setHeader('Content-Type', reply.contentType);
    this.#closeIfUnread();
    if (bytes.length <= shortBodyBytes && reply.chunked !== true)
      response.setHeader('Content-Length', bytes.length);
    // A separate `end`: node would compute a Content-Length for a body given to it, and Go does not.
    if (this.method !== 'HEAD' && bytes.length > 0) response.write(bytes);
    this.#finish();
  }

  /** Begins a streamed answer; the head leaves with the first bytes written. */
  begin(status: number, contentType: string): void {
    this.#response.statusCode = status;
    this.#response.setHeader('Content-Type', contentType);
    this.#streamType = contentType;
  }

  /** False: the socket is full, await `drained` before the next. */
  write(text: string): boolean {
    if (this.isGone) return true;
    this.#lastWriteMs = this.#options.clock.now();
    return writeChunk(this.#response, text);
  }

  end(): void {
    if (!this.isGone) this.#finish();
  }

  /** Resolves when the socket takes more, or is gone. A reader that takes nothing for too long is gone. */
  async drained(): Promise<void> {
    const response = this.#response;
    if (this.isGone || this.signal.aborted || !response.writableNeedDrain) return;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        response.off('drain', done);
        response.off('close', done);
        this.signal.removeEventListener('abort', done);
        resolve();
      };
      const { clock, readerTimeoutMs } = this.#options;
      if (readerTimeoutMs > 0) timer = clock.setTimer(readerTimeoutMs, () => response.destroy());
      response.once('drain', done);
      response.once('close', done);
      this.signal.addEventListener('abort', done, { once: true });
    });
    timer?.cancel();
  }

  /** What the reader has not taken yet waits in memory, so the rest too has to be taken in time. */
  #finish(): void {
    const response = this.#response;
    const { socket } = response;
    response.end();
    if (response.writableFinished) return;
    response.setTimeout(this.#options.readerTimeoutMs, () => response.destroy());
    // Before node's own listener, which sets the connection's timeout for what comes next.
    response.prependOnceListener('finish', () => socket?.setTimeout(0));
  }

  /**
   * An answer before the request was read: the connection cannot be used again. What still comes is read and
   * thrown away for a moment, since closing at once would reset the connection and the client would never see
   * the answer.
   */
  #closeIfUnread(): void {
    const { request } = this;
    if (request.complete || request.destroyed) return;
    if (this.#bodyFailure || this.#awaitsContinue) {
      this.#response.setHeader('Connection', 'close');
      this.#response.shouldKeepAlive = false;
      return;
    }
    const isChunked = request.headers['transfer-encoding'] !== undefined;
    // A short rest is read and dropped by node itself, and the connection lives on.
    if (!isChunked && Number(request.headers['content-length'] ?? 0) <= shortRestBytes) return;
    this.#response.setHeader('Connection', 'close');
    this.#response.shouldKeepAlive = false;
    const timer = this.#options.clock.setTimer(lingerMs, () => request.socket.destroy());
    request.once('close', () => timer.cancel());
    request.on('error', () => timer.cancel());
    request.resume();
  }
}
