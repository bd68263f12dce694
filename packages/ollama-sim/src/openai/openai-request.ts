import { OllamaError } from '../errors.ts';
import {
  type ChatCall,
  type GenerateCall,
  type Message,
  type PastToolCall,
  toolCallText,
} from '../inference/call.ts';
import { asObject, readTools, text } from '../native/native-request.ts';
import { base64Error, OPENAI_CHAT_FIELDS, OPENAI_COMPLETION_FIELDS } from '../wire/fields.ts';
import { decodeGoJson } from '../wire/go-json.ts';
import { checkStruct } from '../wire/go-struct.ts';
import { goQuote } from '../wire/go-text.ts';

type Body = Readonly<Record<string, unknown>>;

/** Error text for a missing body. */
const NO_BODY = 'EOF';
/** Default temperature of the OpenAI routes. */
const DEFAULT_TEMPERATURE = 1;
const EFFORTS = ['minimal', 'low', 'medium', 'high', 'xhigh', 'ultra', 'max', 'none'];

/** A call, and whether its stream ends with a chunk of usage. */
export interface OpenAiRequest<Kind> {
  readonly call: Kind;
  readonly includeUsage: boolean;
}

/** @throws OllamaError 400 */
export function readOpenAiChat(body: string): OpenAiRequest<ChatCall> {
  const request = checkStruct(decodeGoJson(body, NO_BODY), 'ChatCompletionRequest', OPENAI_CHAT_FIELDS);
  const messages = Array.isArray(request['messages']) ? (request['messages'] as unknown[]) : [];
  if (messages.length === 0) throw new OllamaError(400, "[] is too short - 'messages'");
  const { topLogprobs, think } = {
    topLogprobs: request['top_logprobs'],
    think: readEffort(request['reasoning_effort'] ?? asObject(request['reasoning'])['effort']),
  };
  const call: ChatCall = {
    ...common(request),
    kind: 'chat',
    messages: messages.flatMap(readMessage),
    tools: readTools(request['tools']),
    format: readResponseFormat(request['response_format']),
    think,
    logprobs: request['logprobs'] === true,
    topLogprobs: typeof topLogprobs === 'number' ? topLogprobs : 0,
  };
  return { call, includeUsage: asObject(request['stream_options'])['include_usage'] === true };
}

/** @throws OllamaError 400 */
export function readOpenAiCompletion(body: string): OpenAiRequest<GenerateCall> {
  const request = checkStruct(decodeGoJson(body, NO_BODY), 'CompletionRequest', OPENAI_COMPLETION_FIELDS);
  const call: GenerateCall = {
    ...common(request),
    kind: 'generate',
    prompt: text(request['prompt']),
    suffix: text(request['suffix']),
    system: '',
    template: '',
    context: [],
    raw: false,
    imageCount: 0,
    format: undefined,
    think: undefined,
    logprobs: false,
    topLogprobs: 0,
  };
  return { call, includeUsage: asObject(request['stream_options'])['include_usage'] === true };
}

type Common = Omit<ChatCall, 'kind' | 'messages' | 'tools' | 'format' | 'think' | 'logprobs' | 'topLogprobs'>;

function common(request: Body): Common {
  return {
    modelName: text(request['model']),
    stream: request['stream'] === true,
    options: readOptions(request),
    keepAliveMs: null,
    truncate: true,
    shift: null,
    debugRenderOnly: request['_debug_render_only'] === true,
    defaultTemperature: DEFAULT_TEMPERATURE,
  };
}

/** As in the real server, `max_completion_tokens` is ignored. */
function readOptions(request: Body): object {
  const { stop } = request;
  const stops =
    typeof stop === 'string'
      ? [stop]
      : Array.isArray(stop)
        ? stop.filter((s) => typeof s === 'string')
        : null;
  return {
    num_predict: request['max_tokens'],
    temperature: request['temperature'] ?? DEFAULT_TEMPERATURE,
    top_p: request['top_p'] ?? 1,
    seed: request['seed'],
    frequency_penalty: request['frequency_penalty'],
    presence_penalty: request['presence_penalty'],
    stop: stops ?? undefined,
  };
}

function readEffort(effort: unknown): boolean | string | undefined {
  if (typeof effort !== 'string' || effort === '') return undefined;
  if (!EFFORTS.includes(effort)) {
    const allowed = '"minimal", "low", "medium", "high", "xhigh", "ultra", "max", or "none"';
    throw new OllamaError(400, `invalid reasoning value: ${goQuote(effort)} (must be ${allowed})`);
  }
  return effort === 'none' ? false : effort;
}

function readResponseFormat(format: unknown): unknown {
  const { type, json_schema: schema } = asObject(format);
  if (type === 'json_object') return 'json';
  return type === 'json_schema' ? asObject(schema)['schema'] : undefined;
}

/** One message, or one for each part of its content. */
function readMessage(value: unknown): readonly Message[] {
  const message = asObject(value);
  const role = text(message['role']).toLowerCase();
  const toolCalls = readToolCalls(message['tool_calls']);
  const { content } = message;
  if (typeof content === 'string') return [{ role, content, imageCount: 0, toolCalls }];
  if (Array.isArray(content)) {
    const parts = content.map((part) => readPart(role, asObject(part)));
    // The tool calls of a message in parts belong to its last part.
    return parts.map((part, i) => (i === parts.length - 1 ? { ...part, toolCalls } : part));
  }
  if (Array.isArray(message['tool_calls'])) return [{ role, content: '', imageCount: 0, toolCalls }];
  if (content === null || content === undefined)
    throw new OllamaError(400, 'invalid message content type: <nil>');
  const kind =
    typeof content === 'number'
      ? 'float64'
      : typeof content === 'boolean'
        ? 'bool'
        : 'map[string]interface {}';
  throw new OllamaError(400, `invalid message content type: ${kind}`);
}

function readPart(role: string, part: Body): Message {
  if (part['type'] === 'text' && typeof part['text'] === 'string')
    return { role, content: part['text'], imageCount: 0, toolCalls: '' };
  if (part['type'] === 'input_audio') return readAudio(role, part['input_audio']);
  if (part['type'] !== 'image_url') throw new OllamaError(400, 'invalid message format');
  const image = part['image_url'];
  const url = typeof image === 'string' ? image : text(asObject(image)['url']);
  if (/^https?:/.test(url))
    throw new OllamaError(
      400,
      'image URLs are not currently supported, please use base64 encoded data instead',
    );
  const data = /^data:(?:image\/(?:jpeg|jpg|png|webp))?;base64,(.*)$/s.exec(url)?.[1];
  if (data === undefined || base64Error(data) !== null) throw new OllamaError(400, 'invalid image input');
  return { role, content: '', imageCount: 1, toolCalls: '' };
}

/** Audio is passed to the model as an image is. */
function readAudio(role: string, value: unknown): Message {
  if (typeof value !== 'object' || value === null) throw new OllamaError(400, 'invalid input_audio format');
  const { data } = asObject(value);
  if (typeof data !== 'string') throw new OllamaError(400, 'invalid input_audio format: missing data');
  const problem = base64Error(data);
  if (problem !== null) throw new OllamaError(400, `invalid input_audio base64 data: ${problem}`);
  return { role, content: '', imageCount: 1, toolCalls: '' };
}

function readToolCalls(calls: unknown): string {
  if (!Array.isArray(calls) || calls.length === 0) return '';
  return toolCallText(calls.map(readToolCall));
}

/** Arguments are a JSON object as text. */
function readToolCall(call: unknown): PastToolCall {
  const called = asObject(asObject(call)['function']);
  try {
    const parsed: unknown = JSON.parse(text(called['arguments']));
    if (parsed === null || (typeof parsed === 'object' && !Array.isArray(parsed)))
      return { name: text(called['name']), arguments: parsed ?? {} };
  } catch {
    // Refused below, as every other text that is not a JSON object.
  }
  throw new OllamaError(400, 'invalid tool call arguments');
}
