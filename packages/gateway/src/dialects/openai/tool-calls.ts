import type { NativeToolCall } from '../../translation/native-tool-call.ts';

/** A tool call as OpenAI writes it. */
export interface TranslatedCall {
  readonly id: string;
  readonly index: number;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

/**
 * Translates the tool calls of one answer. Clients join the parts of a stream by index and reply by id, so a call of an
 * older Ollama without them gets the next index of the answer and a new id. Some versions give every call the index 0:
 * a call is never split, so an index that was used already belongs to another call and is replaced by the next one.
 */
export class ToolCalls {
  readonly #freshId: () => string;
  readonly #used = new Set<number>();
  #nextIndex = 0;

  /** @param freshId random letters and digits */
  constructor(freshId: () => string) {
    this.#freshId = freshId;
  }

  /** Undefined for no calls. */
  translate(calls: readonly NativeToolCall[] = []): readonly TranslatedCall[] | undefined {
    if (calls.length === 0) return undefined;
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

/** Length of Ollama's own ids. */
const idLength = 8;
