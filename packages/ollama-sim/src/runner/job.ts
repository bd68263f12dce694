import type { Channel, TokenSource, ToolCall } from '../text/token.ts';

/** Part of an answer that is one chunk on the wire: usually one token. */
export interface Piece {
  readonly text: string;
  readonly channel: Channel;
  /** Tokens of the text, for logprobs. */
  readonly tokens: readonly string[];
}

/** Durations in milliseconds and counts of one generation. */
export interface Measures {
  readonly promptTokens: number;
  readonly promptMs: number;
  readonly evalTokens: number;
  readonly evalMs: number;
}

/** End of a generation. */
export type Outcome =
  | {
      readonly kind: 'done';
      readonly reason: 'stop' | 'length';
      readonly toolCall: ToolCall | null;
      readonly measures: Measures;
      /** Ids of the generated tokens. */
      readonly generated: readonly number[];
    }
  /** More than 30 equal tokens: the stream ends without `done:true`. */
  | { readonly kind: 'repeating' }
  | { readonly kind: 'failed'; readonly status: number; readonly message: string };

/** Receives a generation. Neither method is called after `end`, or after the job is cancelled. */
export interface JobSink {
  /** Receives pieces in order. False: no further pieces until `Generation.resume`. */
  pieces(pieces: readonly Piece[]): boolean;
  end(outcome: Outcome): void;
  /** The next line must be broken JSON. */
  garble(): void;
  /** The connection must be cut. */
  cut(): void;
}

/** A generation to run on a slot. */
export interface Job {
  readonly prompt: readonly number[];
  readonly source: TokenSource;
  /** Largest number of tokens to generate; Infinity: no limit. */
  readonly maxTokens: number;
  /** Limit of prompt and answer together, where the answer ends with `length`; null: the context is shifted instead. */
  readonly contextLimit: number | null;
  readonly stops: readonly string[];
  /** Whether more than 30 equal tokens end the answer, as on the rendered path. */
  readonly checksRepeats: boolean;
  /** Whether each token is sent at its own time. */
  readonly stream: boolean;
  /** Text before the first piece: native models repeat the assistant text that they continue. */
  readonly opening: string;
  readonly sink: JobSink;
}
