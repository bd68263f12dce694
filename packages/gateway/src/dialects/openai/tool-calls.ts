import { goInt, goList, goRaw, goString, goStruct, type GoType } from '../../go-compat/go-struct.ts';
import type { RawJson } from '../../go-compat/raw-json.ts';

/** A tool call of a host's answer. */
export interface NativeToolCall {
  readonly id?: string;
  readonly function?: { readonly index?: number; readonly name?: string; readonly arguments?: RawJson };
}

/** How it is read: the arguments keep their text. */
export const toolCallsType: GoType = goList(
  goStruct(
    {
      id: goString,
      function: goStruct({ index: goInt, name: goString, arguments: goRaw }, 'api.ToolCallFunction'),
    },
    'api.ToolCall',
  ),
  '[]api.ToolCall',
);

/**
 * The tool calls of one answer in OpenAI's shape. Clients put the parts of a stream together by index and answer by id,
 * so a call of an older Ollama that has none gets the next index of the answer and an id of its own. Some versions give
 * every call the index 0: since a call always comes whole, an index that was used is another call, and gets the next.
 */
export class ToolCalls {
  readonly #freshId: () => string;
  readonly #used = new Set<number>();
  #nextIndex = 0;

  /** @param freshId random letters and digits */
  constructor(freshId: () => string) {
    this.#freshId = freshId;
  }

  translate(calls: readonly NativeToolCall[]): readonly unknown[] {
    return calls.map((call) => {
      const sent = call.function?.index;
      const index = sent === undefined || this.#used.has(sent) ? this.#nextIndex : sent;
      this.#used.add(index);
      this.#nextIndex = Math.max(this.#nextIndex, index + 1);
      return {
        id: call.id || `call_${this.#freshId().slice(-idLength)}`,
        index,
        type: 'function',
        function: { name: call.function?.name ?? '', arguments: call.function?.arguments?.text ?? '{}' },
      };
    });
  }
}

/** As long as Ollama's own. */
const idLength = 8;
