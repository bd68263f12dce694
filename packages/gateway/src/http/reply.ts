import type { RequestFailure } from '../errors.ts';

/** A whole answer. */
export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Sent instead of `body`, as they are. */
  readonly bytes?: Uint8Array;
  /** True: chunked even if it is short, as Ollama sends an answer that it wrote as a stream. @default false */
  readonly chunked?: boolean;
}

/** Writes an error answer in one dialect. */
export type FailureFormat = (failure: RequestFailure, requestId: string) => Reply;

/** Content type of JSON as Ollama's own handlers send it. */
export const jsonType = 'application/json; charset=utf-8';
