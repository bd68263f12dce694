import type { Msg, NatsConnection } from 'nats';
import type { Clock } from '../clock.ts';
import { Deadlines } from '../clock/deadlines.ts';
import { MessageTooLargeError, RequestTimeoutError, TransportDisconnectedError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import { PendingRequest } from './pending-request.ts';
import { PublishFrames } from './publish-frames.ts';
import { SendBacklog } from './send-backlog.ts';
import { allInboxes, inboxPrefix } from './subjects.ts';
import {
  type HeaderMessage,
  type HeaderTransport,
  type Reply,
  requireSubscribeOptions,
  type SubscribeOptions,
  type TransportMessage,
  type TransportSubscription,
} from './transport.ts';

/** What a `NatsTransport` needs besides its connection. */
export interface NatsTransportParts {
  readonly node: string;
  readonly log: Logger;
  readonly random: Random;
  readonly clock: Clock;
}

/** The bus over one NATS connection. */
export class NatsTransport implements HeaderTransport {
  connected = true;
  readonly #connection: NatsConnection;
  readonly #log: Logger;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #backlog: SendBacklog;
  readonly #frames: PublishFrames;
  readonly #replyPrefix: string;
  readonly #pending = new Map<string, PendingRequest>();
  readonly #listeners = new Set<(connected: boolean) => void>();
  #closed = false;

  constructor(connection: NatsConnection, options: NatsTransportParts) {
    this.#connection = connection;
    this.#log = options.log;
    this.#random = options.random;
    this.#clock = options.clock;
    this.#deadlines = new Deadlines(options.clock);
    this.#backlog = new SendBacklog(() => connection.flush());
    this.#frames = new PublishFrames(senderOfFrames(connection));
    this.#replyPrefix = `${inboxPrefix(options.node)}.${options.random.id()}.`;
    // One subscription for all replies: `request` of the client library creates three Error objects per request.
    connection.subscribe(`${this.#replyPrefix}*`, {
      callback: (error, message) => this.#takeReply(error, message),
    });
    void this.#followStatus();
  }

  get maxPayloadBytes(): number {
    return this.#connection.info?.max_payload ?? 1024 * 1024;
  }

  publish(subject: string, payload: Uint8Array): boolean {
    if (!this.connected || payload.length > this.maxPayloadBytes || this.#backlog.isFull) return false;
    this.#frames.flush();
    this.#connection.publish(subject, payload);
    this.#backlog.sent(payload.length + subject.length);
    return true;
  }

  subscribe(
    subject: string,
    handler: (message: TransportMessage) => void,
    options?: SubscribeOptions,
  ): TransportSubscription {
    requireSubscribeOptions(options);
    return this.#subscribe(subject, handler, options);
  }

  subscribeWithHeaders(subject: string, handler: (message: HeaderMessage) => void): TransportSubscription {
    return this.#subscribe(subject, handler, undefined);
  }

  newInbox(): string {
    return `${this.#replyPrefix}${this.#random.id()}.in`;
  }

  async request(subject: string, payload: Uint8Array, options: { timeoutMs: number }): Promise<Uint8Array> {
    return (await this.requestWithHeaders(subject, payload, '', options.timeoutMs)).payload;
  }

  requestWithHeaders(
    subject: string,
    payload: Uint8Array,
    headers: string,
    timeoutMs: number,
  ): Promise<Reply> {
    if (!this.connected) return Promise.reject(new TransportDisconnectedError());
    // The server counts the headers as well.
    const bytes = payload.length + Buffer.byteLength(headers);
    if (bytes > this.maxPayloadBytes)
      return Promise.reject(new MessageTooLargeError(subject, bytes, this.maxPayloadBytes));
    return new Promise((resolve, reject) => {
      // From the operating system's generator: a node that saw the ids of earlier requests cannot guess the next one,
      // so only who received the request can answer it.
      const id = this.#random.id();
      const request = new PendingRequest(subject, timeoutMs, resolve, reject, () => this.#pending.delete(id));
      this.#pending.set(id, request);
      this.#deadlines.add(request, timeoutMs);
      this.#publish(subject, this.#replyPrefix + id, headers, payload);
    });
  }

  publishWithHeaders(subject: string, payload: Uint8Array, headers: string, reply: string = ''): boolean {
    const bytes = payload.length + Buffer.byteLength(headers);
    if (!this.connected || bytes > this.maxPayloadBytes || this.#backlog.isFull) return false;
    this.#publish(subject, reply, headers, payload);
    this.#backlog.sent(bytes + subject.length);
    return true;
  }

  #publish(subject: string, reply: string, headers: string, payload: Uint8Array): void {
    if (headers === '') {
      this.#frames.flush();
      // The client library writes into the options, so each publish gets its own object.
      this.#connection.publish(subject, payload, reply === '' ? {} : { reply });
      return;
    }
    // oxlint-disable-next-line no-restricted-globals -- the adapter itself
    if (this.#frames.isEmpty) queueMicrotask(this.#flushFrames);
    this.#frames.add(subject, reply, headers, payload);
  }

  /** Frames leave before whatever is sent after them. */
  readonly #flushFrames = (): void => this.#frames.flush();

  onConnectionChange(listener: (connected: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async flush(options: { timeoutMs: number }): Promise<void> {
    if (!this.connected) throw new TransportDisconnectedError();
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = this.#clock.setTimer(options.timeoutMs, () =>
      reject(new RequestTimeoutError('flush', options.timeoutMs)),
    );
    try {
      this.#frames.flush();
      await Promise.race([this.#connection.flush(), promise]);
    } finally {
      timer.cancel();
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.connected) await this.flush({ timeoutMs: 1_000 }).catch(() => undefined);
    this.#deadlines.expireAll();
    await this.#connection.close();
    this.#setConnected(false);
  }

  #subscribe(
    subject: string,
    handler: (message: HeaderMessage) => void,
    options: SubscribeOptions | undefined,
  ): TransportSubscription {
    const callback = (error: Error | null, message: Msg) => {
      // A permission error comes without a message.
      if (error !== null) return;
      try {
        handler(new NatsMessage(message));
      } catch (err) {
        this.#log.error({ err, subject }, 'a subscription handler threw');
      }
    };
    this.#frames.flush();
    const subscription = this.#connection.subscribe(
      subject,
      options?.queue === undefined ? { callback } : { callback, queue: options.queue },
    );
    return { unsubscribe: () => subscription.unsubscribe() };
  }

  async #followStatus(): Promise<void> {
    for await (const status of this.#connection.status()) {
      switch (status.type) {
        case 'disconnect':
          this.#setConnected(false);
          break;
        case 'reconnect':
          this.#setConnected(true);
          break;
        case 'error':
          this.#log.warn({ err: status.error }, 'NATS reports an error');
          break;
        case 'slowConsumer':
        case 'ldm':
        case 'staleConnection':
          this.#log.warn({ status: status.type }, 'NATS connection status');
          break;
        default:
      }
    }
    this.#setConnected(false);
  }

  #setConnected(connected: boolean): void {
    if (this.connected === connected) return;
    this.connected = connected;
    // Everything that was in flight is lost or has arrived.
    this.#backlog.clear();
    this.#frames.clear();
    for (const listener of this.#listeners) listener(connected);
  }

  #takeReply(error: Error | null, message: Msg): void {
    if (error !== null) return;
    this.#pending
      .get(message.subject.slice(this.#replyPrefix.length))
      ?.answer(message.data, message.headers?.code === 503);
  }
}

/** A received message; what nobody reads is never decoded. */
class NatsMessage implements HeaderMessage {
  readonly #message: Msg;

  constructor(message: Msg) {
    this.#message = message;
  }

  get subject(): string {
    return this.#message.subject;
  }

  get payload(): Uint8Array {
    return this.#message.data;
  }

  get reply(): string {
    return this.#message.reply ?? '';
  }

  get status(): number {
    return this.#message.headers?.code ?? 0;
  }

  get headers(): string {
    return headersOf(this.#message);
  }

  get respond(): ((payload: Uint8Array) => void) | undefined {
    const message = this.#message;
    // Answers go to private inboxes only. Otherwise a node could have others publish, with their permissions, wherever
    // the reply of its request points.
    if (message.reply?.startsWith(allInboxes) !== true) return undefined;
    return (payload) => void message.respond(payload);
  }
}

/** What the client library has of a connection beside its public part. */
interface ConnectionParts {
  readonly protocol: { sendCommand(command: Uint8Array): void };
}

/** Sends bytes of the protocol as they are, after what was sent before. The version of the client library is pinned. */
function senderOfFrames(connection: NatsConnection): (frames: Uint8Array) => void {
  const { protocol } = connection as unknown as ConnectionParts;
  return (frames) => protocol.sendCommand(frames);
}

/** What the client library keeps of a message that it received. */
interface ReceivedMessage {
  readonly _msg?: { readonly hdr?: number };
  readonly _rdata?: Uint8Array;
}

/**
 * The header block of a received message as it arrived. The header object of the client library validates every name
 * and makes an array for every value.
 */
function headersOf(message: Msg): string {
  const { _msg, _rdata } = message as unknown as ReceivedMessage;
  const bytes = _msg?.hdr ?? -1;
  if (bytes <= 0 || _rdata === undefined) return '';
  return texts.of(_rdata, bytes);
}

/** Decodes the begin of views. Consecutive ones are of the same chunk of the socket. */
class ViewTexts {
  #chunk: Buffer = Buffer.alloc(0);

  of(view: Uint8Array, bytes: number): string {
    const { buffer, byteOffset } = view;
    if (this.#chunk.buffer !== buffer) this.#chunk = Buffer.from(buffer);
    return this.#chunk.toString('utf8', byteOffset, byteOffset + bytes);
  }
}

const texts = new ViewTexts();
