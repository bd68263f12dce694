import { goBool, goInt, goRaw, goString, goStruct } from '../../go-compat/go-struct.ts';
import { goJson } from '../../go-compat/go-text.ts';
import type { RawJson } from '../../go-compat/raw-json.ts';
import { writeJson } from '../../go-compat/write-json.ts';
import type { AnswerFormat } from '../../inference/answer-format.ts';
import {
  brokenStreamFrame,
  errorText,
  openAiError,
  sseData,
  translatedType,
  upstreamErrorReply,
} from './openai-error.ts';
import { parseAnswer, rawMember, readAnswer } from './read-answer.ts';
import { type NativeToolCall, ToolCalls, toolCallsType } from './tool-calls.ts';
import { secondsOf } from './unix-seconds.ts';

/** Fields that the gateway reads from one object of Ollama's `/api/chat`. */
interface ChatObject {
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
function readChat(text: string): ChatObject {
  if (rawKeys.test(text)) return readAnswer(text, chatStruct);
  const object = parseAnswer(text) as ChatObject;
  return object.logprobs === undefined ? object : { ...object, logprobs: rawMember(text, 'logprobs') };
}

export interface ChatAnswerOptions {
  /** Id of the answer: `chatcmpl-…`. */
  readonly id: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Unix seconds for an answer without a time. */
  readonly nowSeconds: number;
  /** Returns random letters and digits, for a tool call without an id. */
  readonly freshId: () => string;
}

/**
 * Translates answers of Ollama's `/api/chat` to `/v1/chat/completions` as Ollama's own layer does: the role only in the
 * first delta, the last object (metrics only) as a finish chunk with an empty delta, thinking as `reasoning`, and
 * `[DONE]` at the end. One difference: an error inside the stream is sent as an error (Ollama sends an empty delta and
 * ends).
 */
export function chatAnswer(options: ChatAnswerOptions): AnswerFormat {
  let created: number | undefined;
  let firstSent = false;
  let toolCallSent = false;
  const calls = new ToolCalls(options.freshId);

  const envelope = (object: ChatObject, choices: readonly unknown[]): Record<string, unknown> => ({
    id: options.id,
    object: 'chat.completion.chunk',
    created: created ?? options.nowSeconds,
    model: object.model ?? '',
    system_fingerprint: 'fp_ollama',
    choices,
  });

  const frames = (line: string): string => {
    const object = readChat(line);
    if (object.error !== undefined) return sseData(openAiError(500, errorText(line)));
    created ??= secondsOf(object.created_at) ?? options.nowSeconds;
    let out = '';
    if (!(object.done === true && firstSent && isEmpty(object))) {
      for (const { delta, logprobs } of deltasOf(object, !firstSent, calls)) {
        if (delta.tool_calls !== undefined) toolCallSent = true;
        const choice = {
          index: 0,
          delta,
          finish_reason: null,
          ...(logprobs && { logprobs: { content: logprobs } }),
        };
        out += sseData(writeChunk(envelope(object, [choice]), logprobs));
      }
      firstSent = true;
    }
    if (object.done !== true) return out;
    const reason = object.done_reason || 'stop';
    const finish = reason === 'stop' && toolCallSent ? 'tool_calls' : reason;
    out += sseData(goJson(envelope(object, [{ index: 0, delta: {}, finish_reason: finish }])));
    if (options.includeUsage) out += sseData(goJson({ ...envelope(object, []), usage: usageOf(object) }));
    return `${out}data: [DONE]\n\n`;
  };

  return {
    streamType: 'text/event-stream',
    whole: (head, body) => {
      if (head.status !== 200) return upstreamErrorReply(head, body);
      if (options.stream) return { status: 200, contentType: 'text/event-stream', body: frames(body) };
      return {
        status: 200,
        contentType: translatedType,
        body: `${writeChunk(completionOf(body, options), true)}\n`,
      };
    },
    lines: (lines) => lines.map(frames).join(''),
    brokenStream: brokenStreamFrame,
  };
}

function completionOf(body: string, options: ChatAnswerOptions): Record<string, unknown> {
  const object = readChat(body);
  const toolCalls = toolCallsOf(object, new ToolCalls(options.freshId));
  const reason = object.done_reason === 'stop' && toolCalls ? 'tool_calls' : object.done_reason;
  return {
    id: options.id,
    object: 'chat.completion',
    created: secondsOf(object.created_at) ?? options.nowSeconds,
    model: object.model ?? '',
    system_fingerprint: 'fp_ollama',
    choices: [
      {
        index: 0,
        message: {
          role: object.message?.role ?? '',
          content: object.message?.content ?? '',
          ...(object.message?.thinking && { reasoning: object.message.thinking }),
          ...(toolCalls && { tool_calls: toolCalls }),
        },
        finish_reason: reason || null,
        ...(hasElements(object.logprobs) && { logprobs: { content: object.logprobs } }),
      },
    ],
    usage: usageOf(object),
    ...(object['_debug_info'] !== undefined && { _debug_info: object['_debug_info'] }),
  };
}

interface Delta {
  role?: string;
  content?: string;
  reasoning?: string;
  tool_calls?: readonly unknown[];
}

/** Thinking together with text or tool calls becomes a delta of its own, so that clients do not mix them up. */
function deltasOf(
  object: ChatObject,
  withRole: boolean,
  calls: ToolCalls,
): { delta: Delta; logprobs: RawJson | undefined }[] {
  const role = withRole ? { role: 'assistant' } : {};
  const content = object.message?.content ?? '';
  const thinking = object.message?.thinking ?? '';
  const toolCalls = toolCallsOf(object, calls);
  const tools = toolCalls ? { tool_calls: toolCalls } : {};
  const logprobs = hasElements(object.logprobs) ? object.logprobs : undefined;
  if (thinking === '') return [{ delta: { ...role, content, ...tools }, logprobs }];
  if (content === '' && !toolCalls) return [{ delta: { ...role, content, reasoning: thinking }, logprobs }];
  return [
    { delta: { ...role, reasoning: thinking }, logprobs },
    { delta: { content, ...tools }, logprobs: undefined },
  ];
}

function toolCallsOf(object: ChatObject, calls: ToolCalls): readonly unknown[] | undefined {
  const found = object.message?.tool_calls;
  return found && found.length > 0 ? calls.translate(found) : undefined;
}

function hasElements(list: RawJson | undefined): boolean {
  return list?.kind === 'array' && !/^\[\s*\]$/.test(list.text);
}

/** Raw text is already escaped, by the host's Go. */
function writeChunk(value: unknown, hasRaw: unknown): string {
  return hasRaw === undefined ? goJson(value) : writeJson(value, goJson);
}

function isEmpty({ message, logprobs }: ChatObject): boolean {
  return !message?.content && !message?.thinking && !message?.tool_calls?.length && !hasElements(logprobs);
}

function usageOf(object: ChatObject): Record<string, number> {
  const prompt = object.prompt_eval_count ?? 0;
  const completion = object.eval_count ?? 0;
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}
