import type { ForcedCall } from '../../translation/tool-choice.ts';

/** Facts of one request that its answer needs. */
export interface AnswerOptions {
  /** Id of the answer: `chatcmpl-…` or `cmpl-…`. */
  readonly id: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Unix seconds for an answer without a time. */
  readonly nowSeconds: number;
  /** Returns random letters and digits, for a tool call without an id. */
  readonly freshId: () => string;
}

export interface ChatAnswerOptions extends AnswerOptions {
  /** The call that the answer must be. */
  readonly forced?: ForcedCall | undefined;
}
