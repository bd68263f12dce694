import type { OllamaError } from '../errors.ts';
import type { Piece } from '../runner/job.ts';
import type { ToolCall } from '../text/token.ts';

/** Times in milliseconds and counts of the last object. */
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

/** A complete answer's end. */
export interface AnswerEnd {
  readonly reason: 'stop' | 'length' | 'load' | 'unload';
  /** Null for loads and unloads, which carry no durations. */
  readonly stats: AnswerStats | null;
  readonly toolCall: IdentifiedToolCall | null;
  /** Whether the call has a chunk of its own before the last object. */
  readonly toolCallApart: boolean;
  /** Ids of prompt and answer, for generate. */
  readonly context: readonly number[] | null;
}

/** Writes one answer in one dialect. `end`, `broken` and `error` are each the last call. */
export interface AnswerWriter {
  /** False: the reader is behind. */
  pieces(pieces: readonly Piece[]): boolean;
  end(end: AnswerEnd): void;
  /** The runner stopped for repetition: no last object. */
  broken(): void;
  error(error: OllamaError): void;
  /** The next line goes out as broken JSON. */
  garble(): void;
  /** The rendered prompt instead of an answer. */
  rendered(prompt: string): void;
}
