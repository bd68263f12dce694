import { optionNames, requireKnownOptions } from '../known-options.ts';

/**
 * The message bus as actor-core sees it: at-most-once publish and subscribe, and one request kind that tells
 * "nobody subscribes" from "no answer". Fulfilled by `nats-transport.ts`, `memory-transport.ts` and the
 * simulation; one contract suite tests them all.
 */
export interface Transport {
  /** False from the moment the connection is lost until it is back. */
  readonly connected: boolean;
  /** Largest payload one message may carry, in bytes. */
  readonly maxPayloadBytes: number;
  /**
   * Sends and forgets. The message is dropped and `false` returned where it exceeds `maxPayloadBytes`, while not
   * connected (nothing is buffered), and while the server is too far behind with what it was sent before. Callers that
   * cannot lose a message number it and ask again.
   */
  publish(subject: string, payload: Uint8Array): boolean;
  /** `handler` runs synchronously and must not throw. A `*` or `>` wildcard is allowed as in NATS. */
  subscribe(
    subject: string,
    handler: (message: TransportMessage) => void,
    options?: SubscribeOptions,
  ): TransportSubscription;
  /**
   * One question, one answer.
   *
   * @throws NoRespondersError nobody subscribes to the subject (known within one round trip)
   * @throws RequestTimeoutError someone may have taken it
   * @throws TransportDisconnectedError not connected
   * @throws MessageTooLargeError the payload exceeds `maxPayloadBytes`
   */
  request(subject: string, payload: Uint8Array, options: { timeoutMs: number }): Promise<Uint8Array>;
  /** Calls `listener` on every change of `connected`; returns the unsubscriber. */
  onConnectionChange(listener: (connected: boolean) => void): () => void;
  /** Resolves when everything published before was written to the server. */
  flush(options: { timeoutMs: number }): Promise<void>;
  /** Stops intake, flushes, closes. */
  close(): Promise<void>;
}

/** A transport whose requests may carry headers, as JetStream needs for its expectations. Made by `connectNats`. */
export interface HeaderTransport extends Transport {
  /** Same as `request`, with header fields; `undefined` sends none. Fails with the same errors. */
  requestWithHeaders(
    subject: string,
    payload: Uint8Array,
    fields: Readonly<Record<string, string>> | undefined,
    timeoutMs: number,
  ): Promise<Reply>;
}

/** The answer to a request. */
export interface Reply {
  readonly payload: Uint8Array;
}

/** One message as it arrived. */
export interface TransportMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Answers a request; undefined for a plain publish. */
  readonly respond?: ((payload: Uint8Array) => void) | undefined;
}

/** Who shares a subscription. */
export interface SubscribeOptions {
  /** Queue group: one member of the group gets each message. */
  readonly queue?: string;
}

const subscribeOptions = optionNames<SubscribeOptions>({ queue: true });

/** @throws InvalidArgumentError for an option that there is not */
export function requireSubscribeOptions(options: SubscribeOptions | undefined): void {
  if (options !== undefined) requireKnownOptions('subscribe', options, subscribeOptions);
}

/** A subscription that stands. */
export interface TransportSubscription {
  /** Ends it: what is on its way is not delivered any more. Again does nothing. */
  unsubscribe(): void;
}
