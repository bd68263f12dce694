import type { OllamaError } from '../errors.ts';
import type { Piece } from '../runner/job.ts';
import type { ToolCall } from '../text/token.ts';

/** Durations in milliseconds and counts of the last object. */
export interface AnswerStats {
  readonly totalMs: number;
  readonly loadMs: number;
  readonly promptTokens: number;
  readonly promptMs: number;
  readonly evalTokens: number;
  readonly evalMs: number;
}

export interface IdentifiedToolCall extends ToolCall {
  readonly id: string;
}

/** End of a complete answer. */
export interface AnswerEnd {
  readonly reason: 'stop' | 'length' | 'load' | 'unload';
  /** Null for loads and unloads, which have no durations. */
  readonly stats: AnswerStats | null;
  readonly toolCall: IdentifiedToolCall | null;
  /** Whether the tool call has its own chunk before the last object. */
  readonly toolCallApart: boolean;
  /** Token ids of prompt and answer, for `/api/generate`. */
  readonly context: readonly number[] | null;
}

/** Writes one answer in one dialect. One of `end`, `broken` and `error` is the last call. */
export interface AnswerWriter {
  /** False when the client reads too slowly. */
  pieces(pieces: readonly Piece[]): boolean;
  end(end: AnswerEnd): void;
  /** Ends the answer without a last object, because the runner stopped a repetition. */
  broken(): void;
  error(error: OllamaError): void;
  /** Makes the next line broken JSON. */
  garble(): void;
  /** Sends the rendered prompt instead of an answer. */
  rendered(prompt: string): void;
}
