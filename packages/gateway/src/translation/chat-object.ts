import { goBool, goInt, goRaw, goString, goStruct } from '../go-compat/go-struct.ts';
import type { RawJson } from '../go-compat/raw-json.ts';
import { parseAnswer, rawMember, readAnswer } from './read-answer.ts';
import { type NativeToolCall, toolCallsType } from './native-tool-call.ts';

/** Fields that the gateway reads from one object of Ollama's `/api/chat`. */
export interface ChatObject {
  readonly model?: string;
  readonly created_at?: string;
  readonly message?: {
    readonly role?: string;
    readonly content?: string;
    readonly thinking?: string;
    readonly tool_calls?: readonly NativeToolCall[];
  };
  readonly done?: boolean;
  readonly done_reason?: string;
  readonly prompt_eval_count?: number;
  readonly eval_count?: number;
  readonly logprobs?: RawJson;
  readonly error?: string;
  readonly _debug_info?: RawJson;
}

const chatStruct = goStruct(
  {
    model: goString,
    created_at: goString,
    message: goStruct(
      { role: goString, content: goString, thinking: goString, tool_calls: toolCallsType },
      'api.Message',
    ),
    done: goBool,
    done_reason: goString,
    prompt_eval_count: goInt,
    eval_count: goInt,
    logprobs: goRaw,
    error: goRaw,
    _debug_info: goRaw,
  },
  'api.ChatResponse',
);

/** Keys whose values must keep their text. Inside a string these quotes are escaped, so only real keys match. */
const rawKeys = /"(?:tool_calls|_debug_info)"/;

/** Most lines are one token without such a key: the built-in parser is faster for them. */
export function readChat(text: string): ChatObject {
  if (rawKeys.test(text)) return readAnswer(text, chatStruct);
  const object = parseAnswer(text) as ChatObject;
  return object.logprobs === undefined ? object : { ...object, logprobs: rawMember(text, 'logprobs') };
}

/** Reads one object of a host's answer; a forced call becomes a tool call. */
export type ReadChat = (text: string) => ChatObject;

/** Log probabilities of the object's tokens; undefined if it has none. */
export function logprobsOf({ logprobs }: ChatObject): RawJson | undefined {
  return logprobs?.kind === 'array' && !/^\[\s*\]$/.test(logprobs.text) ? logprobs : undefined;
}

/** Whether the object has no part of the answer: the last object of a stream often has only metrics. */
export function isEmpty(object: ChatObject): boolean {
  const { message } = object;
  return !message?.content && !message?.thinking && !message?.tool_calls?.length && !logprobsOf(object);
}
