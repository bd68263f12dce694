import type { StoreTrouble } from '../errors.ts';

/** An error of JetStream's JSON API (ADR-1, ADR-8). This file declares the parts of the API that the store reads. */
export interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

export type ApiReply<T> = T & { readonly error?: ApiError };

export interface PubAck {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate?: boolean;
}

export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  /** Base64. */
  readonly data?: string;
  /** Base64 of the header block. */
  readonly hdrs?: string;
}

export interface StreamInfo {
  readonly config: {
    readonly subjects: readonly string[];
    readonly max_msgs_per_subject: number;
    readonly num_replicas: number;
  };
  readonly state: { readonly subjects?: Readonly<Record<string, number>> };
}

export const errorCode: {
  readonly noMessageFound: 10_037;
  readonly insufficientResources: 10_023;
  readonly storageExceeded: 10_047;
  readonly streamNameInUse: 10_058;
  readonly streamNotFound: 10_059;
  readonly wrongLastSequence: 10_071;
  readonly storeFailed: 10_077;
  readonly checkInFlight: 10_164;
} = {
  noMessageFound: 10_037,
  insufficientResources: 10_023,
  storageExceeded: 10_047,
  streamNameInUse: 10_058,
  streamNotFound: 10_059,
  wrongLastSequence: 10_071,
  storeFailed: 10_077,
  checkInFlight: 10_164,
};

/** Whether the error passes by itself: a check in flight, a stream without a leader, or an overloaded server. */
export function isPassing(error: ApiError): boolean {
  return error.err_code === errorCode.checkInFlight || error.code === 503 || error.code === 429;
}

/** What an API error says about the whole store. */
export function troubleOf(error: ApiError): StoreTrouble {
  if (error.err_code === errorCode.streamNotFound) return 'store-missing';
  const isFull = [errorCode.insufficientResources, errorCode.storageExceeded, errorCode.storeFailed].some(
    (code) => code === error.err_code,
  );
  return isFull ? 'store-full' : 'store-unavailable';
}

/** @throws SyntaxError when the answer is not JSON */
export function decodeReply(payload: Uint8Array): ApiReply<object> {
  return JSON.parse(new TextDecoder().decode(payload)) as ApiReply<object>;
}
