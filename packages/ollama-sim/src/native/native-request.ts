import {
  type ChatCall,
  type GenerateCall,
  type Message,
  type PastToolCall,
  toolCallText,
} from '../inference/call.ts';
import type { ToolSpec } from '../text/utterance.ts';
import { keepAliveMs } from '../wire/duration.ts';
import { CHAT_FIELDS, GENERATE_FIELDS } from '../wire/fields.ts';
import { decodeGoJson } from '../wire/go-json.ts';
import { checkStruct } from '../wire/go-struct.ts';

type Body = Readonly<Record<string, unknown>>;

export const MISSING_BODY = 'missing request body';
/** Default temperature of the native routes. */
const DEFAULT_TEMPERATURE = 0.8;

/** @throws OllamaError 400 */
export function readChatCall(body: string): ChatCall {
  const request = checkStruct(decodeGoJson(body, MISSING_BODY), 'ChatRequest', CHAT_FIELDS);
  const messages = Array.isArray(request['messages']) ? (request['messages'] as unknown[]) : [];
  return {
    ...common(request),
    kind: 'chat',
    messages: messages.map(readMessage),
    tools: readTools(request['tools']),
  };
}

/** @throws OllamaError 400 */
export function readGenerateCall(body: string): GenerateCall {
  const request = checkStruct(decodeGoJson(body, MISSING_BODY), 'GenerateRequest', GENERATE_FIELDS);
  const context = Array.isArray(request['context']) ? (request['context'] as number[]) : [];
  const images = request['images'];
  return {
    ...common(request),
    kind: 'generate',
    prompt: text(request['prompt']),
    suffix: text(request['suffix']),
    system: text(request['system']),
    template: text(request['template']),
    context,
    raw: request['raw'] === true,
    imageCount: Array.isArray(images) ? images.length : 0,
  };
}

/** Tools of any dialect: all are `{type, function: {name, parameters}}`. */
export function readTools(tools: unknown): readonly ToolSpec[] {
  if (!Array.isArray(tools)) return [];
  return tools.map((tool) => {
    const described = asObject(asObject(tool)['function']);
    return { name: text(described['name']), parameters: described['parameters'] };
  });
}

function readMessage(value: unknown): Message {
  const message = asObject(value);
  const calls = message['tool_calls'];
  const images = message['images'];
  return {
    role: text(message['role']).toLowerCase(),
    content: text(message['content']),
    imageCount: Array.isArray(images) ? images.length : 0,
    toolCalls: toolCallText(Array.isArray(calls) ? calls.map(readToolCall) : []),
  };
}

function readToolCall(call: unknown): PastToolCall {
  const called = asObject(asObject(call)['function']);
  return { name: text(called['name']), arguments: called['arguments'] ?? {} };
}

function common(request: Body): Omit<ChatCall, 'kind' | 'messages' | 'tools'> {
  const { think, shift } = request;
  const topLogprobs = request['top_logprobs'];
  return {
    modelName: text(request['model']),
    stream: request['stream'] !== false,
    options: request['options'],
    format: request['format'],
    keepAliveMs: keepAliveMs(request['keep_alive']),
    think: typeof think === 'boolean' || typeof think === 'string' ? think : undefined,
    truncate: request['truncate'] !== false,
    shift: typeof shift === 'boolean' ? shift : null,
    logprobs: request['logprobs'] === true,
    topLogprobs: typeof topLogprobs === 'number' ? topLogprobs : 0,
    debugRenderOnly: request['_debug_render_only'] === true,
    defaultTemperature: DEFAULT_TEMPERATURE,
  };
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
