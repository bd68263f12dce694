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
  readonly streamNameInUse: 10_058;
  readonly wrongLastSequence: 10_071;
  readonly checkInFlight: 10_164;
} = { noMessageFound: 10_037, streamNameInUse: 10_058, wrongLastSequence: 10_071, checkInFlight: 10_164 };

/** @throws SyntaxError when the server did not answer JSON */
export function decodeReply(payload: Uint8Array): ApiReply<object> {
  return JSON.parse(new TextDecoder().decode(payload)) as ApiReply<object>;
}
