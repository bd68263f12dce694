import type { ApiReply } from '../jetstream/jetstream-client.ts';
import { type ApiError, errorCode } from '../jetstream/jetstream-errors.ts';

/** Acknowledgement of a publish (ADR-22). This file declares the parts of replies that `JetStreamStore` reads. */
export interface PubAck {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate?: boolean;
}

/** A record as JetStream's API returns it. */
export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  /** Base64. */
  readonly data?: string;
  /** Base64 of the header block. */
  readonly hdrs?: string;
}

/** Configuration and state of a stream. */
export interface StreamInfo {
  readonly config: {
    readonly subjects: readonly string[];
    readonly max_msgs_per_subject: number;
    readonly num_replicas: number;
  };
  readonly state: { readonly subjects?: Readonly<Record<string, number>> };
}

/** True for errors that a later attempt may not meet: no leader, too many requests, a check in flight. */
export function isPassing(error: ApiError): boolean {
  return error.err_code === errorCode.checkInFlight || error.code === 503 || error.code === 429;
}

/** @throws SyntaxError when the answer is not JSON */
export function decodeReply(payload: Uint8Array): ApiReply<object> {
  return JSON.parse(new TextDecoder().decode(payload)) as ApiReply<object>;
}
