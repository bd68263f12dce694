import type { Channel, TokenSource, ToolCall } from '../text/token.ts';

/** Part of an answer that becomes one chunk on the wire: normally one token. */
export interface Piece {
  readonly text: string;
  readonly channel: Channel;
  /** Tokens the text consists of, for logprobs. */
  readonly tokens: readonly string[];
}

/** Times in milliseconds and full counts of one generation. */
export interface Measures {
  readonly promptTokens: number;
  readonly promptMs: number;
  readonly evalTokens: number;
  readonly evalMs: number;
}

/** How a generation ended. */
export type Outcome =
  | {
      readonly kind: 'done';
      readonly reason: 'stop' | 'length';
      readonly toolCall: ToolCall | null;
      readonly measures: Measures;
      /** Ids of what was generated. */
      readonly generated: readonly number[];
    }
  /** More than 30 equal tokens: the stream ends without `done:true`. */
  | { readonly kind: 'repeating' }
  | { readonly kind: 'failed'; readonly status: number; readonly message: string };

/** Receives a generation. Neither method is called after `end`, or after the job is cancelled. */
export interface JobSink {
  /** Gives pieces in order; false asks for silence until `Generation.resume`. */
  pieces(pieces: readonly Piece[]): boolean;
  end(outcome: Outcome): void;
  /** The next line is to be broken JSON. */
  garble(): void;
  /** The connection is to be cut. */
  cut(): void;
}

/** One generation, ready to run on a slot. */
export interface Job {
  readonly prompt: readonly number[];
  readonly source: TokenSource;
  /** Most tokens to generate; Infinity has no end. */
  readonly maxTokens: number;
  /** Prompt and answer together end here with `length`; null shifts the context instead. */
  readonly contextLimit: number | null;
  readonly stops: readonly string[];
  /** Whether more than 30 equal tokens end it, as on the rendered path. */
  readonly checksRepeats: boolean;
  /** Whether each token must go out at its own instant. */
  readonly stream: boolean;
  /** Text that opens the first piece: native models repeat the assistant text they continue. */
  readonly opening: string;
  readonly sink: JobSink;
}
