import { RequestFailure } from '../errors.ts';
import { isObject } from '../go/go-text.ts';
import { definedOnly } from './sampling.ts';

/** One member of OpenAI's `messages`, its types already checked. */
export interface ChatMessage {
  readonly role?: string;
  readonly content?: unknown;
  readonly reasoning?: string;
  readonly tool_calls?: readonly ChatToolCall[];
  readonly name?: string;
  readonly tool_call_id?: string;
}

export interface ChatToolCall {
  readonly id?: string;
  readonly function?: { readonly name?: string; readonly arguments?: string };
}

type NativeMessage = Record<string, unknown>;

/**
 * OpenAI's messages as Ollama's: each part of a message with parts becomes a message of its own, tool calls'
 * arguments become objects, a tool's answer gets the tool's name.
 *
 * @throws RequestFailure 400 in Ollama's words
 */
export function fromChatMessages(messages: readonly ChatMessage[]): readonly NativeMessage[] {
  const toolNames = toolNamesById(messages);
  return messages.flatMap((message) => fromChatMessage(message, toolNames));
}

function fromChatMessage(message: ChatMessage, toolNames: ToolNames): NativeMessage[] {
  const role = message.role ?? '';
  const { content } = message;
  const toolCalls = message.tool_calls === undefined ? undefined : message.tool_calls.map(fromToolCall);
  const extras = definedOnly({
    thinking: message.reasoning,
    tool_calls: toolCalls,
    tool_name: role.toLowerCase() === 'tool' ? toolName(message, toolNames) : undefined,
    tool_call_id: message.tool_call_id,
  });
  if (typeof content === 'string') return [{ role, content, ...extras }];
  if (Array.isArray(content)) {
    const parts = content.map((part) => fromPart(role, part));
    const last = parts.at(-1);
    if (last && toolCalls !== undefined && toolCalls.length > 0) Object.assign(last, extras);
    return parts;
  }
  if (toolCalls === undefined) throw refuse(`invalid message content type: ${goTypeOf(content)}`);
  delete extras.tool_name;
  return [{ role, content: '', ...extras }];
}

function fromPart(role: string, part: unknown): NativeMessage {
  if (!isObject(part)) throw refuse('invalid message format');
  switch (part.type) {
    case 'text':
      if (typeof part.text !== 'string') throw refuse('invalid message format');
      return { role, content: part.text };
    case 'image_url': {
      const url = isObject(part.image_url) ? part.image_url.url : part.image_url;
      if (typeof url !== 'string') throw refuse('invalid message format');
      return { role, content: '', images: [imageData(url)] };
    }
    case 'input_audio': {
      if (!isObject(part.input_audio)) throw refuse('invalid input_audio format');
      const { data } = part.input_audio;
      if (typeof data !== 'string') throw refuse('invalid input_audio format: missing data');
      if (!isBase64(data)) throw refuse('invalid input_audio base64 data: illegal base64 data');
      return { role, content: '', images: [data] };
    }
    default:
      throw refuse('invalid message format');
  }
}

/** The base64 text of a data URL. Nothing is fetched: a gateway that fetched URLs would be a way into its network. */
function imageData(url: string): string {
  if (url.startsWith('http://') || url.startsWith('https://')) {
    throw refuse('image URLs are not currently supported, please use base64 encoded data instead');
  }
  const match = /^data:(?:image\/(?:jpeg|jpg|png|webp))?;base64,/.exec(url);
  const data = match ? url.slice(match[0].length) : '';
  if (!match || !isBase64(data)) throw refuse('invalid image input');
  return data;
}

function isBase64(text: string): boolean {
  const bare = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, '') : text;
  return bare.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(bare);
}

function fromToolCall(call: ChatToolCall): Record<string, unknown> {
  const text = call.function?.arguments ?? '';
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (parsed !== null && !isObject(parsed)) throw refuse('invalid tool call arguments');
  return { id: call.id ?? '', function: { name: call.function?.name ?? '', arguments: parsed ?? {} } };
}

type ToolNames = ReadonlyMap<string, string | undefined>;

/** The tool that each call's id names: of several calls with one id, the first of the last message that has it. */
function toolNamesById(messages: readonly ChatMessage[]): ToolNames {
  const names = new Map<string, string | undefined>();
  for (const { tool_calls = [] } of messages) {
    for (const call of tool_calls.toReversed()) {
      if (call.id !== undefined) names.set(call.id, call.function?.name);
    }
  }
  return names;
}

function toolName(message: ChatMessage, toolNames: ToolNames): string | undefined {
  if (message.name !== undefined && message.name !== '') return message.name;
  if (message.tool_call_id === undefined || message.tool_call_id === '') return undefined;
  return toolNames.get(message.tool_call_id);
}

function goTypeOf(content: unknown): string {
  if (content === undefined || content === null) return '<nil>';
  if (typeof content === 'number') return 'float64';
  if (typeof content === 'boolean') return 'bool';
  return 'map[string]interface {}';
}

function refuse(text: string): RequestFailure {
  return new RequestFailure(400, 'invalid-input', text, { field: 'messages' });
}
