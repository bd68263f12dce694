import type { RequestFailure } from '../errors.ts';
import type { Reply } from '../http/reply.ts';

/** Head of Ollama's answer as the fleet passed it on. */
export interface UpstreamHead {
  readonly status: number;
  readonly contentType: string;
}

/**
 * Translates one answer from Ollama's own lines to a dialect. Has no effects and keeps only the state of its own
 * stream; the code in `inference/` reads and writes.
 */
export interface AnswerFormat {
  /** Translates an answer that is not a stream: an error, or the client did not ask for a stream. */
  readonly whole: (head: UpstreamHead, body: string) => Reply;
  /** Content type of a streamed answer. */
  readonly streamType: string;
  /** Event that clients of the dialect skip, for a stream that is silent. @default a comment of the content type */
  readonly filler?: string;
  /** Translates some of Ollama's lines; '' if the dialect has nothing to send for them. */
  readonly lines: (lines: readonly string[]) => string;
  /** Last bytes of a stream that failed: a client of this dialect throws an error when it reads them. */
  readonly brokenStream: (failure: RequestFailure) => string;
}
