import { RequestFailure } from '../../errors.ts';
import { decodeStruct } from '../../go-compat/decode-struct.ts';
import { goBool, goChecked, goRaw, goString, goStruct } from '../../go-compat/go-struct.ts';
import { goQuote } from '../../go-compat/go-text.ts';
import { joinStrings, RawJson } from '../../go-compat/raw-json.ts';
import { base64Text, isBase64 } from '../../translation/base64-text.ts';

/** One element of Anthropic's `messages`, with its types checked. */
export interface MessageParam {
  readonly role?: string;
  readonly content?: RawJson;
}

type NativeMessage = Readonly<Record<string, unknown>>;

interface ImageSource {
  readonly type?: string;
  readonly data?: string;
}

interface ContentBlock {
  readonly type?: string;
  readonly text?: RawJson;
  readonly thinking?: RawJson;
  readonly source?: ImageSource;
  readonly id?: string;
  readonly name?: string;
  readonly input?: RawJson;
  readonly tool_use_id?: string;
  readonly content?: RawJson;
}

const imageSource = goStruct(
  { type: goString, media_type: goString, data: goString, url: goString },
  'anthropic.ImageSource',
);

const contentBlock = goStruct(
  {
    type: goString,
    text: goChecked(goString),
    thinking: goChecked(goString),
    signature: goString,
    source: imageSource,
    id: goString,
    name: goString,
    input: goRaw,
    tool_use_id: goString,
    content: goRaw,
    is_error: goBool,
  },
  'anthropic.ContentBlock',
);

/** What the translation of a request left out, by name. */
export type LeftOut = Set<string>;

/**
 * Translates one message to Ollama's messages: the results of tools, then one message with all text, images, thinking
 * and tool calls.
 *
 * @throws RequestFailure 400 with Ollama's text
 */
export function fromMessage(message: MessageParam, leftOut: LeftOut): readonly NativeMessage[] {
  const role = (message.role ?? '').toLowerCase();
  const parts = new MessageParts(leftOut);
  for (const block of blocksOf(message.content)) parts.add(block);
  const results = parts.toolResults;
  const own = parts.message(role);
  // The results come first in a user's turn, so that they follow the calls that they answer.
  return role === 'user' ? [...results, ...own] : [...own, ...results];
}

/** Text of a string, or the joined texts of a list of blocks; undefined without text. */
export function joinedText(content: RawJson | undefined, leftOut: LeftOut): RawJson | undefined {
  if (content?.kind === 'string') return content.text === '""' ? undefined : content;
  const texts: RawJson[] = [];
  for (const element of content?.elements() ?? []) {
    const block = element.members();
    if (block.has('cache_control')) leftOut.add('cache_control');
    const text = block.get('text');
    if (block.get('type')?.string === 'text' && text?.kind === 'string') texts.push(text);
  }
  const joined = joinStrings(texts);
  return joined.text === '""' ? undefined : joined;
}

function blocksOf(content: RawJson | undefined): readonly ContentBlock[] {
  switch (content?.kind) {
    case undefined:
      throw refuse('unexpected end of JSON input');
    case 'null':
      return [];
    case 'string':
      return [{ type: 'text', text: content }];
    case 'array':
      return content.elements().map((element) => decodeStruct(element, 'EOF', contentBlock));
    default:
      throw refuse(
        `json: cannot unmarshal ${content?.kind} into Go value of type []anthropic.ContentBlock`,
        'invalid-type',
      );
  }
}

class MessageParts {
  readonly toolResults: NativeMessage[] = [];
  readonly #texts: RawJson[] = [];
  readonly #images: RawJson[] = [];
  readonly #calls: NativeMessage[] = [];
  #thinking: RawJson | undefined;
  readonly #leftOut: LeftOut;

  constructor(leftOut: LeftOut) {
    this.#leftOut = leftOut;
  }

  add(block: ContentBlock): void {
    if ('cache_control' in block) this.#leftOut.add('cache_control');
    switch (block.type) {
      case 'text':
        if (block.text) this.#texts.push(block.text);
        break;
      case 'image':
        if (!block.source) throw refuse('invalid image source');
        this.#images.push(imageData(block.source));
        break;
      case 'tool_use':
        this.#calls.push(toolCall(block));
        break;
      case 'tool_result':
        this.toolResults.push(this.#toolResult(block));
        break;
      case 'thinking':
        if (block.thinking) this.#thinking = block.thinking;
        break;
      default:
        // Documents, searches and the like: Ollama leaves them out too.
        this.#leftOut.add(`content.${block.type ?? ''}`);
    }
  }

  /** The message of the parts; none if it would be empty. */
  message(role: string): readonly NativeMessage[] {
    const content = joinStrings(this.#texts);
    const thinking = this.#thinking?.text === '""' ? undefined : this.#thinking;
    const isEmpty = content.text === '""' && this.#images.length === 0 && this.#calls.length === 0;
    if (isEmpty && thinking === undefined) return [];
    return [
      {
        role,
        content,
        thinking,
        images: this.#images.length === 0 ? undefined : this.#images,
        tool_calls: this.#calls.length === 0 ? undefined : this.#calls,
      },
    ];
  }

  #toolResult({ content, tool_use_id }: ContentBlock): NativeMessage {
    const images = (content?.elements() ?? [])
      .map((element) => element.members())
      .filter((part) => part.get('type')?.string === 'image')
      .map((part) => toolResultImage(part.get('source')));
    return {
      role: 'tool',
      content: joinedText(content, this.#leftOut) ?? '',
      images: images.length === 0 ? undefined : images,
      tool_call_id: tool_use_id,
    };
  }
}

function toolCall({ id, name, input }: ContentBlock): NativeMessage {
  if (id === undefined || id === '') throw refuse("tool_use block missing required 'id' field");
  if (name === undefined || name === '') throw refuse("tool_use block missing required 'name' field");
  if (input !== undefined && input.kind !== 'object' && input.kind !== 'null')
    throw refuse(`input of the tool_use block ${goQuote(id)} must be an object`);
  return { id, function: { name, arguments: input?.kind === 'object' ? input : new RawJson('{}') } };
}

function toolResultImage(source: RawJson | undefined): RawJson {
  if (source?.kind !== 'object') throw refuse('invalid tool_result image source');
  const fields = source.members();
  return imageData({ type: fields.get('type')?.string ?? '', data: fields.get('data')?.string ?? '' });
}

function imageData({ type = '', data = '' }: ImageSource): RawJson {
  // Addresses of images are not fetched, since clients could reach the gateway's network with them.
  if (type !== 'base64')
    throw refuse(`invalid image source type: ${type}. Only base64 images are supported.`);
  if (!isBase64(data)) throw refuse('invalid base64 image data: illegal base64 data');
  return base64Text(data);
}

function refuse(text: string, code = 'invalid-input'): RequestFailure {
  return new RequestFailure(400, code, text, { field: 'messages' });
}
