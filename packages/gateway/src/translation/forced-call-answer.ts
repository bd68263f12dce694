import { RequestFailure } from '../errors.ts';
import { type RawJson, readRaw } from '../go-compat/raw-json.ts';
import { type ChatObject, type ReadChat, readChat } from './chat-object.ts';
import type { ForcedCall } from './tool-choice.ts';

/**
 * A reader of the objects of one answer.
 *
 * @param isWhole the first object is the whole answer, also if the host did not finish it
 */
export function chatReader(forced: ForcedCall | undefined, isWhole = false): ReadChat {
  if (forced === undefined) return readChat;
  const answer = new ForcedCallAnswer(forced);
  return (text) => {
    const object = readChat(text);
    return object.error === undefined ? answer.take(object, isWhole || object.done === true) : object;
  };
}

/**
 * Turns the answer to a request with a forced call into a tool call. The text of the answer is held back until it is
 * whole. A text that is not a call, such as one that `max_tokens` cut off, is passed on as text.
 */
class ForcedCallAnswer {
  readonly #forced: ForcedCall;
  #pieces: string[] = [];
  #length = 0;

  constructor(forced: ForcedCall) {
    this.#forced = forced;
  }

  /** The object with the call in place of the text. @throws RequestFailure 502 if the text is too long */
  take(object: ChatObject, isLast: boolean): ChatObject {
    const content = object.message?.content ?? '';
    this.#pieces.push(content);
    this.#length += content.length;
    if (this.#length > maxCallLength)
      throw new RequestFailure(502, 'bad-upstream', `the call is longer than ${maxCallLength} characters`);
    if (!isLast) return { ...object, message: { ...object.message, content: '' } };
    const text = this.#pieces.join('');
    this.#pieces = [];
    const call = callOf(text, this.#forced.name);
    if (call === undefined) return { ...object, message: { ...object.message, content: text } };
    return { ...object, message: { ...object.message, content: '', tool_calls: [{ function: call }] } };
  }
}

const maxCallLength = 4 * 1024 * 1024;

function callOf(
  text: string,
  only: string | undefined,
): { readonly name: string; readonly arguments: RawJson } | undefined {
  const answer = readObject(text);
  if (answer === undefined) return undefined;
  if (only !== undefined) return { name: only, arguments: answer };
  const fields = answer.members();
  const name = fields.get('name')?.string;
  const args = fields.get('arguments');
  return name !== undefined && args?.kind === 'object' ? { name, arguments: args } : undefined;
}

/** A model may write white space around the object. */
function readObject(text: string): RawJson | undefined {
  try {
    const value = readRaw(text.trim());
    return value?.kind === 'object' ? value : undefined;
  } catch {
    return undefined;
  }
}
