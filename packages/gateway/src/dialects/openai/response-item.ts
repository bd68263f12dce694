import type { TranslatedCall } from './tool-calls.ts';

/** A finished part of the output of a response. */
export type ResponseItem = Readonly<Record<string, unknown>>;

export function messageItem(id: string, status: 'in_progress' | 'completed', text?: string): ResponseItem {
  const content = text === undefined ? [] : [textPart(text)];
  return { id, type: 'message', status, role: 'assistant', content };
}

export function textPart(text: string): ResponseItem {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

export function reasoningItem(id: string, thinking: string): ResponseItem {
  // A client sends the item back with its next request: the thoughts come back in this field.
  return { id, type: 'reasoning', summary: [summaryPart(thinking)], encrypted_content: thinking };
}

export function summaryPart(text: string): ResponseItem {
  return { type: 'summary_text', text };
}

export function callItem(
  id: string,
  status: 'in_progress' | 'completed',
  { id: callId, function: { name, arguments: args } }: TranslatedCall,
): ResponseItem {
  const shown = status === 'completed' ? args : '';
  return { id, type: 'function_call', status, call_id: callId, name, arguments: shown };
}
