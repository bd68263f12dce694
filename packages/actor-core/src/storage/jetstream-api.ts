import type { StoreTrouble } from '../errors.ts';

/** The part of JetStream's JSON API that the store reads (ADR-1, ADR-8). */
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

/** The state of the whole store that an API error shows. */
export function troubleOf(error: ApiError): StoreTrouble {
  if (error.err_code === errorCode.streamNotFound) return 'store-missing';
  const isFull = [errorCode.insufficientResources, errorCode.storageExceeded, errorCode.storeFailed].some(
    (code) => code === error.err_code,
  );
  return isFull ? 'store-full' : 'store-unavailable';
}

/** @throws SyntaxError when the server did not answer JSON */
export function decodeReply(payload: Uint8Array): ApiReply<object> {
  return JSON.parse(new TextDecoder().decode(payload)) as ApiReply<object>;
}
