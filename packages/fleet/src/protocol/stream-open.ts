/** What the fleet can run on an Ollama instance, by Ollama's own route. */
export type InferenceRoute = 'chat' | 'generate' | 'embed' | 'embeddings' | 'show';

/** Path of the route on an Ollama instance. */
export function ollamaPath(route: InferenceRoute): string {
  return `/api/${route}`;
}

/** Opens one inner stream: one attempt of one client request on one instance. */
export interface StreamOpen {
  /** Fresh for each attempt; every other message of the stream carries it. */
  readonly streamId: string;
  /** The client's request, over all attempts (`x-drover-request-id`). */
  readonly requestId: string;
  readonly tenant: string;
  /** Higher goes first. @default 0 */
  readonly priority: number;
  readonly route: InferenceRoute;
  readonly model: string;
  /** How long the request has waited since it came to the fleet, milliseconds: its place in every queue. @default 0 */
  readonly waitedMs?: number | undefined;
  /**
   * Instances at which it may wait, this one included. Above 1 it is started at once or, having been told that it
   * waits, only after a `claim`. @default 1
   */
  readonly places?: number | undefined;
  /** Service time of a request for this model as other instances have learnt it, milliseconds. */
  readonly serviceMs?: number | undefined;
  /** Milliseconds the whole attempt may take, counted by the receiver from arrival; `noTimeoutMs` for no deadline. */
  readonly timeoutMs: number;
  /**
   * Milliseconds from posting the request to Ollama until the first byte of its answer, which is then given up as
   * `upstream-stalled`. @default no such deadline
   */
  readonly firstByteTimeoutMs?: number | undefined;
  /** Milliseconds between two bytes of the answer; more is `upstream-stalled`. @default no such deadline */
  readonly interTokenTimeoutMs?: number | undefined;
  /** Ollama-native JSON, as it is to be posted. Absent when it follows in `part` messages. */
  readonly body?: Uint8Array | undefined;
  /** Bytes of the body when it follows in parts. */
  readonly bodyBytes?: number | undefined;
  /** Lines may be sent up to and including this sequence number (first line is 1). */
  readonly grantedThrough: number;
}

/** `timeoutMs` of a request without a deadline: the field is required, and no real timeout is so large. */
export const noTimeoutMs: number = Number.MAX_SAFE_INTEGER;

/** Bodies above this travel in parts of this size at most, so that one prompt with images never blocks a lane. */
export const bodyPartBytes: number = 256 * 1024;

/** Bytes of a bus message kept free for what stands around a part of a body, a page or a chunk. */
const envelopeBytes = 4 * 1024;

/**
 * The smallest `max_payload` of a NATS server that Drover runs on, bytes: an answer's chunk (`chunkBytes`, 32 KiB) and
 * what stands around it fit with room to spare.
 */
export const leastPayloadBytes: number = 64 * 1024;

/** Size of a body's parts on a bus whose messages have `maxPayloadBytes` at most. */
export function bodyPartBytesFor(maxPayloadBytes: number): number {
  return Math.min(bodyPartBytes, pageBytesFor(maxPayloadBytes));
}

/** Bytes that one page of a list may have on a bus whose messages have `maxPayloadBytes` at most. */
export function pageBytesFor(maxPayloadBytes: number): number {
  return Math.max(1, maxPayloadBytes - envelopeBytes);
}
