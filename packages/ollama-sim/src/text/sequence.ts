import type { Token, TokenSource, ToolCall } from './token.ts';

/** Fixed tokens, then the end. */
export function fixedSource(tokens: readonly Token[], toolCall: ToolCall | null = null): TokenSource {
  let at = 0;
  return { toolCall, next: () => tokens[at++] ?? null };
}

/** One source after the other. */
export function inSequence(first: TokenSource, then: TokenSource): TokenSource {
  let current = first;
  return {
    toolCall: then.toolCall,
    callError: then.callError ?? null,
    next() {
      const token = current.next();
      if (token !== null || current === then) return token;
      current = then;
      return current.next();
    },
  };
}

/** A text as tokens of one channel: words with leading spaces; punctuation and line ends are tokens of their own. */
export function tokensOf(text: string, channel: Token['channel']): Token[] {
  return (text.match(/ ?[\p{L}\p{N}_]+|\s|[^\s\p{L}\p{N}_]/gu) ?? []).map((piece) => ({
    text: piece,
    channel,
  }));
}
