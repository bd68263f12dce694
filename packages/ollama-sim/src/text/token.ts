/** Where a token goes. */
export type Channel =
  /** The answer. */
  | 'content'
  /** The model's thinking. */
  | 'thinking'
  /** Part of a tool call: kept back until the call is complete. */
  | 'call'
  /** Counted, never sent. */
  | 'control';

export interface Token {
  readonly text: string;
  readonly channel: Channel;
}

export interface ToolCall {
  readonly name: string;
  readonly arguments: object;
}

/** What a model utters, one token at a time; null is the end-of-sequence token. */
export interface TokenSource {
  next(): Token | null;
  /** The call that the `call` tokens spell, once they are all out. */
  readonly toolCall: ToolCall | null;
  /** Why the runner would fail instead of finishing the call; null: it would not. */
  readonly callError?: string | null;
}

export function content(text: string): Token {
  return { text, channel: 'content' };
}
