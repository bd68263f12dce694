import { RequestFailure } from '../../errors.ts';
import { decodeStruct } from '../../go-compat/decode-struct.ts';
import { goChecked, goRaw, goString, goStruct } from '../../go-compat/go-struct.ts';
import { goKind, goQuote } from '../../go-compat/go-text.ts';
import { joinStrings, RawJson } from '../../go-compat/raw-json.ts';
import { imageData, readArguments } from './chat-message.ts';

/** A message for Ollama while it is put together. */
export interface ChatTurn {
  readonly role: string;
  content: RawJson;
  images?: RawJson[] | undefined;
  thinking?: RawJson | undefined;
  tool_calls?: { readonly id: string; readonly function: object }[] | undefined;
  readonly tool_call_id?: string | undefined;
}

interface InputItem {
  readonly type?: string;
  readonly role?: string;
  readonly content?: RawJson;
  readonly call_id?: string;
  readonly name?: string;
  readonly arguments?: string;
  readonly output?: RawJson;
  readonly encrypted_content?: RawJson;
}

const inputItem = goStruct(
  {
    id: goString,
    type: goString,
    role: goString,
    content: goRaw,
    call_id: goString,
    name: goString,
    arguments: goString,
    output: goRaw,
    encrypted_content: goChecked(goString),
  },
  'openai.ResponsesInputItem',
);

const noText = new RawJson('""');
const lineBreak = new RawJson(String.raw`"\n"`);

/**
 * Translates `input` of `/v1/responses` to messages as Ollama does: reasoning belongs to the next message of the
 * assistant, and calls of functions to the message before them.
 *
 * @throws RequestFailure 400 with Ollama's text
 */
export function fromInput(input: RawJson | undefined): readonly ChatTurn[] {
  switch (input?.kind) {
    case undefined:
    case 'null':
      return [];
    case 'string':
      return input.text === '""' ? [] : [{ role: 'user', content: input }];
    case 'array':
      return fromItems(input.elements().map(readItem));
    default:
      throw refuse(
        `input must be a string or array: json: cannot unmarshal ${input?.kind} into Go value of type []json.RawMessage`,
      );
  }
}

function readItem(element: RawJson, index: number): InputItem {
  const item = decodeStruct(element, 'EOF', inputItem) as InputItem;
  const type = item.type || (item.role ? 'message' : '');
  if (!itemTypes.has(type)) {
    const text =
      type === '' ? "input item missing required 'type' field" : `unknown input item type: ${goQuote(type)}`;
    throw refuse(`input[${index}]: ${text}`);
  }
  return { ...item, type };
}

/** Searches of the web are notes in the history: the message that follows holds what the model saw. */
const itemTypes = new Set([
  'message',
  'function_call',
  'function_call_output',
  'reasoning',
  'web_search_call',
]);

function fromItems(items: readonly InputItem[]): readonly ChatTurn[] {
  const turns: ChatTurn[] = [];
  let reasoning: RawJson | undefined;
  const takeReasoning = (): RawJson | undefined => {
    const taken = reasoning;
    reasoning = undefined;
    return taken;
  };
  for (const [index, item] of items.entries()) {
    const last = turns.at(-1);
    switch (item.type) {
      case 'reasoning':
        reasoning = hasText(item.encrypted_content) ? item.encrypted_content : undefined;
        break;
      case 'message': {
        const turn = messageOf(item, index);
        if (turn.role === 'assistant') turn.thinking = takeReasoning();
        if (!joinsCall(last, turn, items[index + 1])) turns.push(turn);
        break;
      }
      case 'function_call': {
        const assistant = last?.role === 'assistant' ? last : { role: 'assistant', content: noText };
        if (assistant !== last) turns.push(assistant);
        (assistant.tool_calls ??= []).push(callOf(item));
        assistant.thinking = takeReasoning() ?? assistant.thinking;
        break;
      }
      case 'function_call_output':
        turns.push(outputOf(item, index));
        break;
      default:
    }
  }
  if (reasoning !== undefined) turns.push({ role: 'assistant', content: noText, thinking: reasoning });
  return turns;
}

/**
 * Joins a message between a call and its output with the message of the call, so that the output follows the call that
 * it answers. False: the message is a turn of its own.
 */
function joinsCall(last: ChatTurn | undefined, turn: ChatTurn, next: InputItem | undefined): boolean {
  if (turn.role !== 'assistant' || last?.role !== 'assistant' || next?.type !== 'function_call_output')
    return false;
  if (!next.call_id || last.tool_calls?.some(({ id }) => id === next.call_id) !== true) return false;
  const between = hasText(last.content) && hasText(turn.content) ? [lineBreak] : [];
  last.content = joinStrings([last.content, ...between, turn.content]);
  if (turn.images) last.images = [...(last.images ?? []), ...turn.images];
  last.thinking = turn.thinking ?? last.thinking;
  return true;
}

function messageOf({ role = '', content }: InputItem, index: number): ChatTurn {
  return { role, ...contentOf(content, `input[${index}]: content`) };
}

function callOf({
  call_id: id = '',
  name = '',
  arguments: text = '',
}: InputItem): NonNullable<ChatTurn['tool_calls']>[number] {
  const args = text === '' ? new RawJson('{}') : readArguments(text);
  return { id, function: { name, arguments: args.kind === 'null' ? new RawJson('{}') : args } };
}

function outputOf({ call_id, output }: InputItem, index: number): ChatTurn {
  return { role: 'tool', ...contentOf(output, `input[${index}]: output`), tool_call_id: call_id };
}

/** Text and images of a string or a list of parts. */
function contentOf(
  content: RawJson | undefined,
  place: string,
): { readonly content: RawJson; readonly images?: RawJson[] } {
  if (content === undefined || content.kind === 'null') return { content: noText };
  if (content.kind === 'string') return { content };
  if (content.kind !== 'array')
    throw refuse(
      `${place} must be a string or array: json: cannot unmarshal ${goKind(content.parse())} into Go value of type []json.RawMessage`,
    );
  const texts: RawJson[] = [];
  const images: RawJson[] = [];
  for (const [index, part] of content.elements().entries()) {
    const fields = part.members();
    const type = fields.get('type')?.string ?? '';
    switch (type) {
      case 'input_text':
      case 'output_text':
        texts.push(textOf(fields.get('text'), `${place}[${index}]`));
        break;
      case 'input_image': {
        const url = fields.get('image_url')?.string ?? '';
        // An image of a file that a service would keep: Ollama leaves it out.
        if (url !== '') images.push(imageData(url));
        break;
      }
      case 'input_file':
        throw refuse('file inputs are not currently supported');
      default:
        throw refuse(`${place}[${index}]: unknown content type: ${type}`);
    }
  }
  return { content: joinStrings(texts), ...(images.length > 0 && { images }) };
}

function textOf(text: RawJson | undefined, place: string): RawJson {
  if (text === undefined || text.kind === 'null') return noText;
  if (text.kind === 'string') return text;
  throw refuse(`${place}: json: cannot unmarshal ${text.kind} into Go struct field .text of type string`);
}

function hasText(text: RawJson | undefined): boolean {
  return text !== undefined && text.text !== '""';
}

function refuse(text: string): RequestFailure {
  return new RequestFailure(400, 'invalid-input', text, { field: 'input' });
}
