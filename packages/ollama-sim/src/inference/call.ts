import type { AnswerFormat, ToolSpec } from '../text/utterance.ts';

/** One checked message of a chat. */
export interface Message {
  readonly role: string;
  readonly content: string;
  readonly imageCount: number;
  /** JSON of its tool calls, the same in every dialect (`toolCallText`); empty without tool calls. */
  readonly toolCalls: string;
}

/** One tool call of a message, for templates. */
export interface PastToolCall {
  readonly name: string;
  readonly arguments: unknown;
}

/** Tool calls as text of the prompt; independent of the dialect. */
export function toolCallText(calls: readonly PastToolCall[]): string {
  return calls.length === 0 ? '' : JSON.stringify(calls);
}

/** Fields of every request for text. */
interface CallBase {
  /** Name as the client sent it; answers repeat it. */
  readonly modelName: string;
  readonly stream: boolean;
  readonly options: unknown;
  readonly format: unknown;
  readonly keepAliveMs: number | null;
  /** Undefined: the default of the model, which is on. */
  readonly think: boolean | string | undefined;
  readonly truncate: boolean;
  readonly shift: boolean | null;
  readonly logprobs: boolean;
  readonly topLogprobs: number;
  readonly debugRenderOnly: boolean;
  /** Temperature when the options have none. */
  readonly defaultTemperature: number;
}

export interface ChatCall extends CallBase {
  readonly kind: 'chat';
  readonly messages: readonly Message[];
  readonly tools: readonly ToolSpec[];
}

export interface GenerateCall extends CallBase {
  readonly kind: 'generate';
  readonly prompt: string;
  readonly suffix: string;
  readonly system: string;
  readonly template: string;
  readonly context: readonly number[];
  readonly raw: boolean;
  readonly imageCount: number;
}

export type Call = ChatCall | GenerateCall;

/** Reads `format`. Strings other than `json` and the empty one are refused later, after the load. */
export function readFormat(format: unknown): AnswerFormat | null {
  if (format === undefined || format === null || format === '') return { kind: 'text' };
  if (format === 'json') return { kind: 'json' };
  if (typeof format === 'object' && !Array.isArray(format)) return { kind: 'schema', schema: format };
  return null;
}
