import { optionNames, requireKnownOptions } from '../known-options.ts';

/**
 * The message bus as actor-core needs it: at-most-once publish and subscribe, and requests that tell "no subscriber"
 * from "no reply". Implemented by `nats-transport.ts` and `memory-transport.ts`; one contract suite tests both.
 */
export interface Transport {
  /** False from the loss of the connection until it is back. */
  readonly connected: boolean;
  /** Largest payload one message may carry, in bytes. */
  readonly maxPayloadBytes: number;
  /**
   * Publishes without confirmation. The message is dropped and `false` returned when it exceeds `maxPayloadBytes`,
   * while disconnected (nothing is buffered), and while the server has not read too much of what was sent before. A
   * caller that must not lose a message numbers it and asks again.
   */
  publish(subject: string, payload: Uint8Array): boolean;
  /** `handler` runs synchronously and must not throw. A `*` or `>` wildcard is allowed as in NATS. */
  subscribe(
    subject: string,
    handler: (message: TransportMessage) => void,
    options?: SubscribeOptions,
  ): TransportSubscription;
  /**
   * One request, one reply.
   *
   * @throws NoRespondersError the subject has no subscriber (known within one round trip)
   * @throws RequestTimeoutError a subscriber may have received the request
   * @throws TransportDisconnectedError not connected
   * @throws MessageTooLargeError the payload exceeds `maxPayloadBytes`
   */
  request(subject: string, payload: Uint8Array, options: { timeoutMs: number }): Promise<Uint8Array>;
  /** Calls `listener` on every change of `connected`; returns the unsubscriber. */
  onConnectionChange(listener: (connected: boolean) => void): () => void;
  /** Resolves when everything published before was written to the server. */
  flush(options: { timeoutMs: number }): Promise<void>;
  /** Stops receiving, flushes, and closes the connection. */
  close(): Promise<void>;
}

/** A transport whose messages may carry headers and a reply subject, as JetStream needs. Made by `connectNats`. */
export interface HeaderTransport extends Transport {
  /** Same as `request`, with header fields; `undefined` sends none. Fails with the same errors. */
  requestWithHeaders(
    subject: string,
    payload: Uint8Array,
    fields: Readonly<Record<string, string>> | undefined,
    timeoutMs: number,
  ): Promise<Reply>;
  /** Same as `publish`, with header fields, a subject for replies, or both. */
  publishWithHeaders(
    subject: string,
    payload: Uint8Array,
    options: { readonly fields?: Readonly<Record<string, string>>; readonly reply?: string },
  ): boolean;
  /** Same as `subscribe`, for messages whose headers, status or reply subject matter. */
  subscribeWithHeaders(subject: string, handler: (message: HeaderMessage) => void): TransportSubscription;
  /**
   * A fresh subject under this node's private inbox; one more token may follow. Subscribe to it for several replies.
   */
  newInbox(): string;
}

/** The reply to a request. */
export interface Reply {
  readonly payload: Uint8Array;
}

/** A received message. */
export interface TransportMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Replies to a request; undefined for a plain message. */
  readonly respond?: ((payload: Uint8Array) => void) | undefined;
}

/** A message with what NATS sends beside its payload. */
export interface HeaderMessage extends TransportMessage {
  /** Subject for replies; empty where none is wanted. */
  readonly reply: string;
  /** Status of a message that the server sent about a request: 404, 408, 503 …; 0 for an ordinary message. */
  readonly status: number;
  /** All header fields. Of a repeated name the first value. */
  fields(): Record<string, string>;
}

/** How a subscription is shared. */
export interface SubscribeOptions {
  /** Queue group: one member of the group gets each message. */
  readonly queue?: string;
}

const subscribeOptions = optionNames<SubscribeOptions>({ queue: true });

/** @throws InvalidArgumentError for an unknown option */
export function requireSubscribeOptions(options: SubscribeOptions | undefined): void {
  if (options !== undefined) requireKnownOptions('subscribe', options, subscribeOptions);
}

/** An active subscription. */
export interface TransportSubscription {
  /** Ends the subscription; messages in flight are not delivered. Further calls do nothing. */
  unsubscribe(): void;
}
