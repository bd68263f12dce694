import type { Msg, MsgHdrs, NatsConnection } from 'nats';
import type { Clock } from '../clock.ts';
import { Deadlines } from '../clock/deadlines.ts';
import { MessageTooLargeError, RequestTimeoutError, TransportDisconnectedError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import { decodeHeaderBlock, encodeHeaderBlock } from './header-block.ts';
import { PendingRequest } from './pending-request.ts';
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
    return (await this.requestWithHeaders(subject, payload, undefined, options.timeoutMs)).payload;
  }

  requestWithHeaders(
    subject: string,
    payload: Uint8Array,
    fields: Readonly<Record<string, string>> | undefined,
    timeoutMs: number,
  ): Promise<Reply> {
    if (!this.connected) return Promise.reject(new TransportDisconnectedError());
    const block = fields === undefined ? undefined : encodeHeaderBlock(fields);
    // The server counts the headers as well.
    const bytes = payload.length + (block?.length ?? 0);
    if (bytes > this.maxPayloadBytes)
      return Promise.reject(new MessageTooLargeError(subject, bytes, this.maxPayloadBytes));
    return new Promise((resolve, reject) => {
      // From the operating system's generator: a node that saw the ids of earlier requests cannot guess the next one,
      // so only who received the request can answer it.
      const id = this.#random.id();
      const request = new PendingRequest(subject, timeoutMs, resolve, reject, () => this.#pending.delete(id));
      this.#pending.set(id, request);
      this.#deadlines.add(request, timeoutMs);
      // The client library writes into the options, so each publish gets its own object.
      if (block === undefined) this.#connection.publish(subject, payload, { reply: this.#replyPrefix + id });
      else
        this.#connection.publish(subject, payload, {
          reply: this.#replyPrefix + id,
          headers: asMessageHeaders(block),
        });
    });
  }

  publishWithHeaders(
    subject: string,
    payload: Uint8Array,
    options: { readonly fields?: Readonly<Record<string, string>>; readonly reply?: string },
  ): boolean {
    const block = options.fields === undefined ? undefined : encodeHeaderBlock(options.fields);
    const bytes = payload.length + (block?.length ?? 0);
    if (!this.connected || bytes > this.maxPayloadBytes || this.#backlog.isFull) return false;
    this.#connection.publish(subject, payload, {
      ...(options.reply === undefined ? {} : { reply: options.reply }),
      ...(block === undefined ? {} : { headers: asMessageHeaders(block) }),
    });
    this.#backlog.sent(bytes + subject.length);
    return true;
  }

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

  fields(): Record<string, string> {
    const block = headerBlockOf(this.#message);
    if (block !== undefined) return decodeHeaderBlock(block);
    const fields: Record<string, string> = {};
    for (const [name, [value]] of this.#message.headers ?? []) if (value !== undefined) fields[name] = value;
    return fields;
  }

  get respond(): ((payload: Uint8Array) => void) | undefined {
    const message = this.#message;
    // Answers go to private inboxes only. Otherwise a node could have others publish, with their permissions, wherever
    // the reply of its request points.
    if (message.reply?.startsWith(allInboxes) !== true) return undefined;
    return (payload) => void message.respond(payload);
  }
}

/**
 * Hands an encoded block to the client library, which only calls `encode` on the headers of a publish. Its own header
 * object validates and copies every field, which costs half of the publish rate (measured).
 */
function asMessageHeaders(block: Uint8Array): MsgHdrs {
  return { encode: () => block } as unknown as MsgHdrs;
}

/** What the client library keeps of a message that it received. */
interface ReceivedMessage {
  readonly _msg?: { readonly hdr?: number };
  readonly _rdata?: Uint8Array;
}

/**
 * The header block of a received message as it arrived; undefined where the client library does not keep it. Its own
 * header object validates every name and makes an array for every value.
 */
function headerBlockOf(message: Msg): Uint8Array | undefined {
  const { _msg, _rdata } = message as unknown as ReceivedMessage;
  const bytes = _msg?.hdr ?? -1;
  return bytes > 0 ? _rdata?.subarray(0, bytes) : undefined;
}
