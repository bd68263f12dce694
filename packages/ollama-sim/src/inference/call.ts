import type { AnswerFormat, ToolSpec } from '../text/utterance.ts';

/** One message of a chat, already checked. */
export interface Message {
  readonly role: string;
  readonly content: string;
  readonly imageCount: number;
  /** JSON of the tool calls it made, the same in every dialect (`toolCallText`); empty without. */
  readonly toolCalls: string;
}

/** One tool call of a message as a template sees it. */
export interface PastToolCall {
  readonly name: string;
  readonly arguments: unknown;
}

/** Tool calls as text of the prompt: the dialect that carried them makes no difference. */
export function toolCallText(calls: readonly PastToolCall[]): string {
  return calls.length === 0 ? '' : JSON.stringify(calls);
}

/** What all requests for text have in common. */
interface CallBase {
  /** As the client wrote it; answers repeat it. */
  readonly modelName: string;
  readonly stream: boolean;
  readonly options: unknown;
  readonly format: unknown;
  readonly keepAliveMs: number | null;
  /** Undefined: the model's default, which is on. */
  readonly think: boolean | string | undefined;
  readonly truncate: boolean;
  readonly shift: boolean | null;
  readonly logprobs: boolean;
  readonly topLogprobs: number;
  readonly debugRenderOnly: boolean;
  /** Temperature when the options name none. */
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

/** `format` understood; a string but `json` and the empty one is refused later, with the runner loaded. */
export function readFormat(format: unknown): AnswerFormat | null {
  if (format === undefined || format === null || format === '') return { kind: 'text' };
  if (format === 'json') return { kind: 'json' };
  if (typeof format === 'object' && !Array.isArray(format)) return { kind: 'schema', schema: format };
  return null;
}
