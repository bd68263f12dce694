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
  /** Milliseconds the whole attempt may take, counted by the receiver from arrival. */
  readonly timeoutMs: number;
  /** Ollama-native JSON, as it is to be posted. Absent when it follows in `part` messages. */
  readonly body?: Uint8Array | undefined;
  /** Bytes of the body when it follows in parts. */
  readonly bodyBytes?: number | undefined;
  /** Lines may be sent up to and including this sequence number (first line is 1). */
  readonly grantedThrough: number;
}

/** Bodies above this travel in parts of this size, so that one prompt with images never blocks a lane. */
export const bodyPartBytes: number = 256 * 1024;
