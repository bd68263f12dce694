/** Destination of a token. */
export type Channel =
  /** The answer. */
  | 'content'
  /** The model's thinking. */
  | 'thinking'
  /** Part of a tool call, which is held back until the call is complete. */
  | 'call'
  /** Counted but not sent. */
  | 'control';

export interface Token {
  readonly text: string;
  readonly channel: Channel;
}

export interface ToolCall {
  readonly name: string;
  readonly arguments: object;
}

/** Text of a model, one token at a time; null is the end-of-sequence token. */
export interface TokenSource {
  next(): Token | null;
  /** The tool call of the `call` tokens, after the last of them. */
  readonly toolCall: ToolCall | null;
  /** Error with which the runner fails instead of finishing the call; null: none. */
  readonly callError?: string | null;
}

export function content(text: string): Token {
  return { text, channel: 'content' };
}
