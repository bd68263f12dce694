import { RequestFailure } from '../../errors.ts';
import { type RawJson, readRaw } from '../../go-compat/raw-json.ts';
import { base64Text, isBase64 } from '../../translation/base64-text.ts';

/** One element of OpenAI's `messages`, with its types checked. */
export interface ChatMessage {
  readonly role?: string;
  readonly content?: RawJson;
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
 * Translates OpenAI's messages to Ollama's: each part of a message becomes a message, the arguments of tool calls
 * become objects, and the answer of a tool gets the tool's name. Null if there is no message, as for Go's nil list.
 *
 * @throws RequestFailure 400 with Ollama's text
 */
export function fromChatMessages(messages: readonly ChatMessage[]): readonly NativeMessage[] | null {
  const toolNames = toolNamesById(messages);
  const found: NativeMessage[] = [];
  for (const message of messages) addChatMessage(found, message, toolNames);
  return found.length === 0 ? null : found;
}

function addChatMessage(found: NativeMessage[], message: ChatMessage, toolNames: ToolNames): void {
  const role = message.role ?? '';
  const { content, tool_calls: calls } = message;
  const extras = (): NativeMessage => ({
    thinking: message.reasoning,
    tool_calls: calls?.map(fromToolCall),
    tool_name: role.toLowerCase() === 'tool' ? toolName(message, toolNames) : undefined,
    tool_call_id: message.tool_call_id,
  });
  if (content?.kind === 'string') {
    found.push({ role, content, ...extras() });
  } else if (content?.kind === 'array') {
    for (const part of content.elements()) found.push(fromPart(role, part));
    const last = found.at(-1);
    // As in Ollama, this is the last message of all if this message has no parts.
    if (last && calls !== undefined && calls.length > 0) Object.assign(last, extras());
  } else {
    if (calls === undefined) throw refuse(`invalid message content type: ${goTypeOf(content)}`);
    const { tool_name: _, ...others } = extras();
    found.push({ role, content: '', ...others });
  }
}

function fromPart(role: string, part: RawJson): NativeMessage {
  if (part.kind !== 'object') throw refuse('invalid message format');
  const fields = part.members();
  switch (fields.get('type')?.string) {
    case 'text': {
      const text = fields.get('text');
      if (text?.kind !== 'string') throw refuse('invalid message format');
      return { role, content: text };
    }
    case 'image_url': {
      const image = fields.get('image_url');
      const url = image?.kind === 'object' ? image.members().get('url')?.string : image?.string;
      if (url === undefined) throw refuse('invalid message format');
      return { role, content: '', images: [imageData(url)] };
    }
    case 'input_audio': {
      const audio = fields.get('input_audio');
      if (audio?.kind !== 'object') throw refuse('invalid input_audio format');
      const data = audio.members().get('data')?.string;
      if (data === undefined) throw refuse('invalid input_audio format: missing data');
      if (!isBase64(data)) throw refuse('invalid input_audio base64 data: illegal base64 data');
      return { role, content: '', images: [base64Text(data)] };
    }
    default:
      throw refuse('invalid message format');
  }
}

/**
 * The base64 text of a data URL. Other URLs are not fetched, since clients could reach the gateway's network with them.
 */
export function imageData(url: string): RawJson {
  if (url.startsWith('http://') || url.startsWith('https://')) {
    throw refuse('image URLs are not currently supported, please use base64 encoded data instead');
  }
  const match = /^data:(?:image\/(?:jpeg|jpg|png|webp))?;base64,/.exec(url);
  const data = match ? url.slice(match[0].length) : '';
  if (!match || !isBase64(data)) throw refuse('invalid image input');
  return base64Text(data);
}

function fromToolCall(call: ChatToolCall): Record<string, unknown> {
  return {
    id: call.id ?? '',
    function: { name: call.function?.name ?? '', arguments: readArguments(call.function?.arguments ?? '') },
  };
}

/** The object in a string of arguments, with its text unchanged. */
export function readArguments(text: string): RawJson {
  let found: RawJson | undefined;
  try {
    found = readRaw(text);
  } catch {
    // Invalid JSON is refused like every other value that is not an object.
  }
  if (found?.kind !== 'object' && found?.kind !== 'null') throw refuse('invalid tool call arguments');
  return found;
}

type ToolNames = ReadonlyMap<string, string | undefined>;

/** Tool names by the id of the call. If several calls have the same id, the first one in the last message is used. */
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

function goTypeOf(content: RawJson | undefined): string {
  switch (content?.kind) {
    case undefined:
    case 'null':
      return '<nil>';
    case 'number':
      return 'float64';
    case 'bool':
      return 'bool';
    default:
      return 'map[string]interface {}';
  }
}

function refuse(text: string): RequestFailure {
  return new RequestFailure(400, 'invalid-input', text, { field: 'messages' });
}
