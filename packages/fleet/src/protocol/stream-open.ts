import type { SignedPrincipal } from './signed-principal.ts';

/** The last part of the route of Ollama that a request uses. */
export type InferenceRoute = 'chat' | 'generate' | 'embed' | 'embeddings' | 'show';

/** Path of the route on an Ollama instance. */
export function ollamaPath(route: InferenceRoute): string {
  return `/api/${route}`;
}

/** Opens one inner stream: one attempt of one client request on one instance. */
export interface StreamOpen {
  /** Id of the stream, new for each attempt; every message of the stream carries it. */
  readonly streamId: string;
  /** Id of the client's request (`x-drover-request-id`), the same for all its attempts. */
  readonly requestId: string;
  readonly tenant: string;
  /** Proves whose request it is. Absent in requests of 0.3.0. */
  readonly principal?: SignedPrincipal | undefined;
  /** Requests with a higher priority are served first. @default 0 */
  readonly priority: number;
  readonly route: InferenceRoute;
  readonly model: string;
  /**
   * How long the request has waited since it arrived at the fleet, milliseconds; the order of a queue depends on it.
   * @default 0
   */
  readonly waitedMs?: number | undefined;
  /**
   * Number of instances at which the request may wait, this one included. Above 1, a request that does not start at
   * once is started only after a `claim`. @default 1
   */
  readonly places?: number | undefined;
  /** Service time of a request for this model as other instances have learnt it, milliseconds. */
  readonly serviceMs?: number | undefined;
  /** Longest duration of the attempt, milliseconds from the arrival of this message; `noTimeoutMs` for no deadline. */
  readonly timeoutMs: number;
  /**
   * Longest time from the post of the request to Ollama until the first byte of the answer, milliseconds; after it the
   * attempt fails as `upstream-stalled`. @default no such deadline
   */
  readonly firstByteTimeoutMs?: number | undefined;
  /**
   * Longest time between two bytes of the answer, milliseconds; after it the attempt fails as `upstream-stalled`.
   * @default no such deadline
   */
  readonly interTokenTimeoutMs?: number | undefined;
  /** Ollama-native JSON that is posted unchanged. Absent if the body follows in `part` messages. */
  readonly body?: Uint8Array | undefined;
  /** Size of a body that follows in parts. */
  readonly bodyBytes?: number | undefined;
  /**
   * How long the request goes on, and its lines are kept, after the session has ended or fallen silent, so that another
   * session can adopt the stream; milliseconds. @default 0
   */
  readonly keepMs?: number | undefined;
  /** Initial credit: lines may be sent through this number (the first line is 1). */
  readonly grantedThrough: number;
}

/** Largest `keepMs`. */
export const maxKeepMs: number = 600_000;

/** Value of `timeoutMs` for a request without a deadline, because the field is required. */
export const noTimeoutMs: number = Number.MAX_SAFE_INTEGER;

/** Bodies above this travel in parts of at most this size, so that one prompt with images does not block a lane. */
export const bodyPartBytes: number = 256 * 1024;

/** Bytes of a bus message reserved for the fields around a part of a body, a page or a chunk. */
const envelopeBytes = 4 * 1024;

/**
 * The smallest `max_payload` of a NATS server that Drover runs on, bytes: a chunk of an answer (`chunkBytes`, 32 KiB)
 * fits with all fields around it.
 */
export const leastPayloadBytes: number = 64 * 1024;

/** Size of the parts of a body on a bus whose messages have at most `maxPayloadBytes`. */
export function bodyPartBytesFor(maxPayloadBytes: number): number {
  return Math.min(bodyPartBytes, pageBytesFor(maxPayloadBytes));
}

/** Largest page of a list, bytes, on a bus whose messages have at most `maxPayloadBytes`. */
export function pageBytesFor(maxPayloadBytes: number): number {
  return Math.max(1, maxPayloadBytes - envelopeBytes);
}
