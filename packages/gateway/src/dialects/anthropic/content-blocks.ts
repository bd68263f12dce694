import { RawJson } from '../../go-compat/raw-json.ts';
import type { ChatObject } from '../../translation/chat-object.ts';

/** A part of an answer in the order in which clients get them. */
export type AnswerPart =
  | { readonly kind: 'thinking' | 'text'; readonly text: string }
  | { readonly kind: 'tool_use'; readonly id: string; readonly name: string; readonly input: RawJson };

/** @param freshId random letters and digits, for a call of an older Ollama without an id */
export function partsOf({ message }: ChatObject, freshId: () => string): readonly AnswerPart[] {
  const parts: AnswerPart[] = [];
  if (message?.thinking) parts.push({ kind: 'thinking', text: message.thinking });
  if (message?.content) parts.push({ kind: 'text', text: message.content });
  for (const { id, function: called } of message?.tool_calls ?? []) {
    const input = called?.arguments ?? new RawJson('{}');
    parts.push({ kind: 'tool_use', id: id || `toolu_${freshId()}`, name: called?.name ?? '', input });
  }
  return parts;
}

/** A reason that Ollama does not know as an end of its own counts as a stop sequence, as in Ollama. */
export function stopReason(object: ChatObject, hasToolCalls: boolean): string | undefined {
  if (hasToolCalls) return 'tool_use';
  switch (object.done_reason) {
    case undefined:
    case '':
      return undefined;
    case 'stop':
      return 'end_turn';
    case 'length':
      return 'max_tokens';
    default:
      return 'stop_sequence';
  }
}
