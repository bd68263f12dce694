import { RequestFailure } from '../../errors.ts';
import { decodeStruct } from '../../go-compat/decode-struct.ts';
import {
  goBool,
  goChecked,
  type GoFields,
  goFloat64,
  goInt,
  goList,
  goRaw,
  goString,
  goStruct,
} from '../../go-compat/go-struct.ts';
import { RawJson } from '../../go-compat/raw-json.ts';
import { writeJsonBytes } from '../../go-compat/write-json.ts';
import { ignoredFields } from '../../translation/ignored-fields.ts';
import { forceCall, type ForcedCall, withInstruction } from '../../translation/tool-choice.ts';
import { toolType } from '../../translation/tool-type.ts';
import { type ChatMessage, fromChatMessages } from './chat-message.ts';
import { thinkOf } from './reasoning-effort.ts';
import { stopList } from './stop-list.ts';
import { offeredTools, readToolChoice } from './tool-choice.ts';

/** A `/v1/chat/completions` request, translated. */
export interface TranslatedChat extends TranslatedRequest {
  /** The call that the answer must be. */
  readonly forced: ForcedCall | undefined;
}

/** A `/v1/chat/completions` or `/v1/completions` request, translated. */
export interface TranslatedRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly ignored: readonly string[];
  /** Ollama-native JSON. */
  readonly body: Buffer;
}

const toolCall = goStruct(
  {
    id: goString,
    index: goInt,
    type: goString,
    function: goStruct(
      { name: goString, arguments: goString },
      'struct { Name string "json:\\"name\\""; Arguments string "json:\\"arguments\\"" }',
    ),
  },
  'openai.ToolCall',
);

const message = goStruct(
  {
    role: goString,
    content: goRaw,
    reasoning: goString,
    tool_calls: goList(toolCall, '[]openai.ToolCall'),
    name: goString,
    tool_call_id: goString,
  },
  'openai.Message',
);

const fields: GoFields = {
  model: goString,
  messages: goList(message, '[]openai.Message'),
  stream: goBool,
  stream_options: goStruct({ include_usage: goBool }, 'openai.StreamOptions'),
  max_tokens: goInt,
  max_completion_tokens: goInt,
  seed: goInt,
  stop: goRaw,
  temperature: goFloat64,
  frequency_penalty: goFloat64,
  presence_penalty: goFloat64,
  top_p: goFloat64,
  response_format: goStruct(
    { type: goString, json_schema: goStruct({ schema: goRaw }, 'openai.JsonSchema') },
    'openai.ResponseFormat',
  ),
  tools: goChecked(goList(toolType, '[]api.Tool')),
  tool_choice: goRaw,
  reasoning: goStruct({ effort: goString }, 'openai.Reasoning'),
  reasoning_effort: goString,
  logprobs: goBool,
  top_logprobs: goInt,
  _debug_render_only: goBool,
};

const struct = goStruct(fields, 'openai.ChatCompletionRequest');

const used = Object.keys(fields);
const withoutToolChoice = used.filter((field) => field !== 'tool_choice');

const harmless = { n: 1, parallel_tool_calls: true, store: false } as const;

interface ChatFields {
  readonly model?: string;
  readonly messages?: readonly ChatMessage[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly seed?: number;
  readonly stop?: RawJson;
  readonly temperature?: number;
  readonly frequency_penalty?: number;
  readonly presence_penalty?: number;
  readonly top_p?: number;
  readonly response_format?: { readonly type?: string; readonly json_schema?: { readonly schema?: RawJson } };
  readonly tools?: RawJson;
  readonly tool_choice?: RawJson;
  readonly reasoning?: { readonly effort?: string };
  readonly reasoning_effort?: string;
  readonly logprobs?: boolean;
  readonly top_logprobs?: number;
}

/**
 * Translates a chat completion request as Ollama's own layer does, with three deliberate differences:
 * `max_completion_tokens` is used if `max_tokens` is absent (Ollama ignores it and generates without a limit),
 * `max_tokens: 0` is refused (Ollama generates without a limit), and `tool_choice` is obeyed (Ollama ignores it).
 *
 * @throws RequestFailure 400 with Ollama's text
 */
export function translateChatRequest(bytes: Buffer): TranslatedChat {
  const bound = decodeStruct(bytes, 'EOF', struct);
  const request = bound as ChatFields;
  const messages = request.messages ?? [];
  if (messages.length === 0)
    throw new RequestFailure(400, 'invalid-input', "[] is too short - 'messages'", { field: 'messages' });
  const nativeMessages = fromChatMessages(messages);
  const maxTokens = request.max_tokens ?? request.max_completion_tokens;
  if (maxTokens === 0) {
    const field = request.max_tokens === undefined ? 'max_completion_tokens' : 'max_tokens';
    throw new RequestFailure(
      400,
      'invalid-input',
      `${field} must not be 0: a host would answer without end`,
      { field },
    );
  }
  const stream = request.stream ?? false;
  const choice = readToolChoice(request.tool_choice);
  const forced = choice?.kind === 'call' ? forceCall(choice.name, offeredTools(request.tools)) : undefined;
  const body = writeJsonBytes({
    model: request.model ?? '',
    messages: forced ? withInstruction(nativeMessages ?? [], forced.instruction) : nativeMessages,
    stream,
    format: forced?.format ?? formatOf(request.response_format),
    tools: forced || choice?.kind === 'none' ? undefined : request.tools,
    think: thinkOf(request.reasoning ? request.reasoning.effort : request.reasoning_effort),
    logprobs: request.logprobs === true ? true : undefined,
    top_logprobs: request.top_logprobs,
    _debug_render_only: bound['_debug_render_only'],
    options: {
      stop: stopList(request.stop),
      num_predict: maxTokens,
      temperature: request.temperature ?? 1,
      seed: request.seed,
      frequency_penalty: request.frequency_penalty,
      presence_penalty: request.presence_penalty,
      top_p: request.top_p ?? 1,
    },
  });
  return {
    model: request.model ?? '',
    stream,
    includeUsage: request.stream_options?.include_usage ?? false,
    ignored: ignoredFields(bound, choice === undefined ? withoutToolChoice : used, harmless),
    forced,
    body,
  };
}

/** Passes a schema on as its original text: the order of its keys is the order in which the model writes them. */
function formatOf(format: ChatFields['response_format']): RawJson | undefined {
  switch (format?.type?.trim().toLowerCase()) {
    case 'json_object':
      return new RawJson('"json"');
    case 'json_schema':
      return format?.json_schema?.schema;
    default:
      return undefined;
  }
}
