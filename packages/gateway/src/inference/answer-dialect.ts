import type { RequestFailure } from '../errors.ts';

/** A whole answer. */
export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** True: chunked even where it is short, as Ollama sends what it wrote as a stream. @default false */
  readonly chunked?: boolean;
}

/** Ollama's status line as the fleet passed it on. */
export interface UpstreamHead {
  readonly status: number;
  readonly contentType: string;
}

/**
 * One answer's way from Ollama's own lines to the client's dialect. Pure apart from what it remembers of its own
 * stream; the shell in `inference/` does the reading and writing.
 */
export interface AnswerDialect {
  /** The request failed before anything was sent. */
  readonly failure: (failure: RequestFailure) => Reply;
  /** Ollama answered as a whole, not as a stream: with an error, or because the client did not want a stream. */
  readonly whole: (head: UpstreamHead, body: string) => Reply;
  /** Content type of a streamed answer. */
  readonly streamType: string;
  /** Some of Ollama's lines as bytes for the client; '' when they say nothing in this dialect. */
  readonly lines: (lines: readonly string[]) => string;
  /** The last bytes of a stream that broke: a client of this dialect throws on them. */
  readonly brokenStream: (failure: RequestFailure) => string;
}
